/** `meshtax quickstart`: set-up, the default experiment in the lab, its report. */
import { EXIT, type ExitCode } from '../model/errors.ts';
import { makeDirectoryForUser, type App } from './app.ts';
import { defaultRunOptions, runAndReport } from './run.ts';
import { setupCommand } from './setup.ts';
import { reportCommand } from './report.ts';

export async function quickstartCommand(app: App, options: { results: string; reports: string }): Promise<ExitCode> {
  const setUp = await setupCommand(app, {});
  if (setUp !== EXIT.ok) return setUp;
  const experiment = `${app.system.host.projectRoot}/workloads/experiments/quickstart.yaml`;
  const { exit, path } = await runAndReport(app, { file: experiment }, { ...defaultRunOptions, results: options.results });
  const directory = `${options.reports}/quickstart`;
  const file = `${directory}/${path.slice(path.lastIndexOf('/') + 1)}.html`;
  await makeDirectoryForUser(app, directory);
  const written = await (app.apart
    ? app.apart(['report', path, '--format', 'html', '--out', file])
    : reportCommand(app, path, { results: options.results, format: 'html', out: file }));
  if (written !== EXIT.ok) return written;
  app.out(`report: ${file}\n`);
  return exit;
}
