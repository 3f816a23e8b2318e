/** `meshtax run`: from an experiment or a plan to a sealed run directory and its report on stdout. */
import { analyse } from '../analysis/analyse.ts';
import { expectationOf } from '../analysis/expectation.ts';
import { essentialsOf, openQuestions } from '../analysis/resolution.ts';
import type { Cluster } from '../model/contracts/cluster.ts';
import { EXIT, formatError, MeshtaxError, type ExitCode } from '../model/errors.ts';
import type { EventSink } from '../model/events.ts';
import { trialsOf } from '../plan/plan.ts';
import { buildReport } from '../report/build.ts';
import { renderJson } from '../report/render/json.ts';
import { summaryText } from '../report/render/summary.ts';
import { executeRun, type RunOutcome } from '../run/lifecycle.ts';
import { readRun } from '../store/read.ts';
import { DEFAULT_RESULTS, type App } from './app.ts';
import { calibrationFor } from './host-calibration.ts';
import { metricsServer } from './metrics-server.ts';
import { freshRun, resumedRun, type Prepared } from './prepare-run.ts';
import { refuseOptions } from './planning.ts';

export interface RunOptions {
  readonly cluster?: string | undefined;
  readonly budget?: string | undefined;
  readonly seed?: string | undefined;
  readonly results: string;
  readonly resume?: string | undefined;
  readonly acceptDrift?: boolean | undefined;
  readonly keep?: boolean | undefined;
  readonly allowConcurrent?: boolean | undefined;
  readonly yesChangeThisCluster?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly metricsPort?: string | undefined;
  readonly progress: 'auto' | 'plain' | 'jsonl' | 'quiet';
}

export const defaultRunOptions: RunOptions = { results: DEFAULT_RESULTS, progress: 'auto' };

export async function runCommand(app: App, file: string | undefined, options: RunOptions): Promise<ExitCode> {
  const { exit } = await runAndReport(app, { file }, options);
  return exit;
}

/** A file, or an experiment's text itself. */
export type Source = { readonly file: string | undefined } | { readonly text: string };

interface Ended {
  readonly outcome: RunOutcome;
  readonly exit: ExitCode;
  /** Where the run is, for commands that go on with it. */
  readonly path: string;
}

/** Ends with what was measured, in words. */
export async function runAndReport(app: App, source: Source, options: RunOptions): Promise<Ended> {
  const ended = await runToEnd(app, source, options);
  const json = options.json === true;
  const told = await (app.apart
    ? app.apart(['summary', ended.path, ...(json ? ['--json'] : [])])
    : summaryCommand(app, ended.path, { json }));
  if (ended.outcome.invalid > 0) app.err(`${formatError(invalidTrials(ended.outcome, ended.path))}\n`);
  return told === EXIT.ok ? ended : { ...ended, exit: told };
}

/** Prints nothing but its progress. */
export async function runToEnd(app: App, source: Source, options: RunOptions): Promise<Ended> {
  if (options.resume !== undefined) refuseOptions('an interrupted run', options);
  if (options.resume !== undefined && 'file' in source && source.file !== undefined)
    throw new MeshtaxError('MT1005', { subject: source.file, problem: 'an interrupted run has its experiment with it', command: 'run' });
  const metricsPort = portOf(options.metricsPort);
  const prepared =
    options.resume === undefined ? await freshRun(app, source, options) : await resumedRun(app, options.resume, options.results);
  const { planned, record, directory } = prepared;
  const cluster = app.families.clusters.find((candidate) => candidate.id === planned.plan.experiment.cluster.id);
  if (!cluster) throw new Error('the schema lets no unknown cluster through');
  const emit = app.progress(options.progress);
  const all = trialsOf(planned.plan.blocks);
  // Some of what was done were windows that were measured again.
  const left = all.filter(({ id }) => !prepared.done.has(id)).length;
  const { stop, measureAll } = planned.plan.experiment.statistics;
  const budgetNs = stop === 'fixed' || measureAll ? null : planned.plan.experiment.statistics.budgetNs;
  emit({
    kind: 'started',
    run: record.id,
    directory: directory.path,
    trials: left,
    estimateNs: Math.min((planned.plan.estimateNs * left) / all.length, budgetNs ?? Infinity),
    budgetNs,
  });
  const outcome = await (prepared.whole ? sealOnly(prepared) : execute(app, prepared, cluster, emit, options, metricsPort)).finally(
    prepared.release,
  );
  return { outcome, exit: outcome.invalid > 0 ? EXIT.invalidTrials : EXIT.ok, path: directory.path };
}

/** Its metrics are served meanwhile, where that was asked for. */
async function execute(
  app: App,
  prepared: Prepared,
  cluster: Cluster,
  emit: EventSink,
  options: RunOptions,
  metricsPort: number | undefined,
): Promise<RunOutcome> {
  const { planned, record, directory, done } = prepared;
  const count = trialsOf(planned.plan.blocks).length;
  const metrics = metricsPort === undefined ? undefined : await metricsServer(app.system, metricsPort, record, prepared.trials, count);
  return executeRun({
    noted: metrics?.noted,
    opened: metrics?.opened,
    system: app.system,
    plan: planned.plan,
    cluster,
    datapaths: app.families.datapaths,
    collectors: app.families.collectors,
    checks: app.families.checks,
    directory,
    record,
    trials: prepared.trials,
    done,
    assessment: { essentialsOf, openQuestions },
    knownOfHost: async (facts) => {
      const calibration = await calibrationFor(app, facts);
      return { calibration, expectation: expectationOf(calibration, planned.plan.experiment.statistics) };
    },
    resumed: prepared.resumed && { ...prepared.resumed, acceptDrift: options.acceptDrift === true },
    shortId: shortIdOf(record.id),
    allowConcurrent: options.allowConcurrent === true,
    confirmed: options.yesChangeThisCluster === true,
    keep: options.keep === true,
    emit,
    signal: app.interruption,
  }).finally(() => metrics?.close());
}

/** It was killed between its last word and its checksums: nothing is left to measure. */
async function sealOnly({ directory, record, trials }: Prepared): Promise<RunOutcome> {
  await directory.seal(record);
  const counted = trials.filter(({ superseded }) => !superseded);
  return { record, trials: counted.length, invalid: counted.filter(({ valid }) => !valid).length };
}

/** @throws MeshtaxError MT1005. */
function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new MeshtaxError('MT1005', { subject: `--metrics-port ${text}`, problem: 'a port is a number from 1 to 65535', command: 'run' });
  return port;
}

function invalidTrials({ invalid, trials }: RunOutcome, directory: string): MeshtaxError {
  return new MeshtaxError('MT3007', { trials: invalid, total: trials, problem: 'their validity checks failed', directory });
}

/** The part after the dash: it names namespaces and cgroups. */
function shortIdOf(runId: string): string {
  return runId.slice(runId.lastIndexOf('-') + 1);
}

/** What a run says at its end. */
export async function summaryCommand(app: App, path: string, { json }: { readonly json?: boolean | undefined }): Promise<ExitCode> {
  const stored = await readRun(path, app.system.files);
  const analysis = analyse(stored);
  const document = buildReport(stored, analysis);
  app.out(json === true ? renderJson(stored.run, analysis, document) : `${summaryText(analysis, document)}\nrun: ${path}\n`);
  return EXIT.ok;
}
