/** `meshtax clean`: removes what any run left behind, however it died. */
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { parseDurationNs } from '../model/units.ts';
import type { App } from './app.ts';
import { clusterNamed } from './cluster-name.ts';

export async function cleanCommand(
  app: App,
  options: { run?: string | undefined; all?: boolean | undefined; force?: boolean | undefined; cluster: string; wait: string },
): Promise<ExitCode> {
  if ((options.run === undefined) === (options.all !== true)) {
    throw new MeshtaxError('MT1005', { subject: 'the command', problem: 'it needs either --run ID or --all', command: 'clean' });
  }
  const { cluster, place } = clusterNamed(app, options.cluster, 'clean');
  if (!cluster.clean)
    throw new MeshtaxError('MT1005', {
      subject: `--cluster ${options.cluster}`,
      problem: 'there is nothing to clean there',
      command: 'clean',
    });
  const run = options.run?.slice(options.run.lastIndexOf('-') + 1);
  const report = await cluster.clean(app.system, { run, force: options.force === true, place, waitMs: waitMsOf(options.wait) });
  for (const line of report.removed) app.out(`removed ${line}\n`);
  for (const line of report.kept) app.out(`kept ${line}\n`);
  for (const line of report.failed) app.err(`could not remove ${line}\n`);
  if (report.removed.length + report.kept.length + report.failed.length === 0) app.out('nothing to remove\n');
  return report.failed.length > 0 ? EXIT.bug : EXIT.ok;
}

function waitMsOf(text: string): number {
  const ns = parseDurationNs(text);
  if (ns === undefined)
    throw new MeshtaxError('MT1005', { subject: `--wait ${text}`, problem: 'expected a duration, for instance 90s', command: 'clean' });
  return ns / 1e6;
}
