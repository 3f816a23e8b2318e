/** `meshtax list`, `show`, `verify` and `analyse`: what needs only what is on disk. */
import { analyse } from '../analysis/analyse.ts';
import { EXIT, type ExitCode } from '../model/errors.ts';
import { tableText } from '../report/render/text.ts';
import { findRun, listRuns, readRun, verifyChecksums } from '../store/read.ts';
import { writeForUser, type App } from './app.ts';

interface FromResults {
  readonly results: string;
}

export async function listCommand(app: App, options: FromResults & { json?: boolean | undefined }): Promise<ExitCode> {
  const runs = await listRuns(options.results, app.system.files);
  if (options.json === true) {
    app.out(
      `${JSON.stringify(
        runs.map(({ path, record }) => ({
          path,
          id: record.id,
          experiment: record.experiment,
          status: record.status,
          startedAt: record.startedAt,
        })),
        null,
        1,
      )}\n`,
    );
    return EXIT.ok;
  }
  if (runs.length === 0) app.err(`no runs below ${options.results}; ./meshtax quickstart makes one\n`);
  else {
    const columns = ['run', 'experiment', 'cluster', 'status', 'datapaths'].map((title) => ({ title, align: 'left' as const }));
    const rows = runs.map(({ record }) => [
      record.id,
      record.experiment,
      record.cluster,
      record.status,
      record.arms.map((arm) => arm.name).join(' '),
    ]);
    app.out(`${tableText({ caption: `${runs.length} runs below ${options.results}`, columns, rows }).join('\n')}\n`);
  }
  return EXIT.ok;
}

export async function showCommand(app: App, wanted: string, options: FromResults): Promise<ExitCode> {
  const path = await findRun(wanted, options.results, app.system.files);
  const { run, trials } = await readRun(path, app.system.files);
  const columns = ['trial', 'workload', 'load', 'answers', 'errors', 'valid', 'counters'].map((title) => ({
    title,
    align: 'left' as const,
  }));
  const rows = trials.map((trial) => {
    const arm = trial.result.arms[0];
    const problems = trial.findings.filter((finding) => finding.level === 'error').map((finding) => `${finding.title}: ${finding.detail}`);
    const counters = Object.entries(trial.path.moved).map(([counter, moved]) => `${counter} ${moved}`);
    return [
      trial.id,
      trial.workload,
      trial.load,
      String(arm?.ok ?? 0),
      String(arm?.errors ?? 0),
      trial.valid ? 'yes' : `no: ${problems.join('; ')}`,
      counters.join(', '),
    ];
  });
  const facts = Object.entries(run.facts).map(([fact, value]) => `  ${fact}: ${String(value)}\n`);
  app.out(
    `run ${run.id}: ${run.status}${run.failure === null ? '' : ` (${run.failure})`}\n  in ${path}\n  seed ${run.seed}\n${facts.join('')}\n`,
  );
  app.out(`${tableText({ caption: `${trials.length} trials`, columns, rows }).join('\n')}\n`);
  return EXIT.ok;
}

export async function verifyCommand(app: App, wanted: string, options: FromResults): Promise<ExitCode> {
  const path = await findRun(wanted, options.results, app.system.files);
  const checked = await verifyChecksums(path, app.system.files);
  const { run, trials } = await readRun(path, app.system.files);
  app.out(`${run.id}: ${checked} files have their checksums, ${trials.length} trials can be read\n`);
  return EXIT.ok;
}

/** Writes analysis.json beside the measurements: derived, so it may be made again at any time. */
export async function analyseCommand(app: App, wanted: string, options: FromResults): Promise<ExitCode> {
  const path = await findRun(wanted, options.results, app.system.files);
  const analysis = analyse(await readRun(path, app.system.files));
  const text = `${JSON.stringify(analysis, null, 1)}\n`;
  await writeForUser(app, `${path}/analysis.json`, text);
  app.out(text);
  return EXIT.ok;
}
