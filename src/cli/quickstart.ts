/** `meshtax quickstart`: set-up, the default experiment in the lab, its report. */
import type { ExitCode } from '../model/errors.ts';
import { writeForUser, type App } from './app.ts';
import { defaultRunOptions, runAndReport } from './run.ts';
import { setupCommand } from './setup.ts';
import { renderRun } from './report.ts';

export async function quickstartCommand(app: App, options: { results: string; reports: string }): Promise<ExitCode> {
  const setUp = await setupCommand(app, {});
  if (setUp !== 0) return setUp;
  const experiment = `${app.system.host.projectRoot}/workloads/experiments/quickstart.yaml`;
  const { exit, path } = await runAndReport(app, { file: experiment }, { ...defaultRunOptions, results: options.results });
  const directory = `${options.reports}/quickstart`;
  const file = `${directory}/${path.slice(path.lastIndexOf('/') + 1)}.html`;
  await app.system.files.makeDirectory(directory);
  if (app.apart) await app.apart(['report', path, '--format', 'html', '--out', file]);
  else await writeForUser(app, file, await renderRun(app, path, 'html'));
  app.out(`report: ${file}\n`);
  return exit;
}
