/** `meshtax run`: from an experiment or a plan to a sealed run directory and its report on stdout. */
import { analyse } from '../analysis/analyse.ts';
import { expectationOf } from '../analysis/expectation.ts';
import { openQuestions } from '../analysis/resolution.ts';
import { EXIT, formatError, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { SCHEMA_VERSION, type RunRecord, type TrialRecord } from '../model/records.ts';
import { trialsOf, type Plan } from '../plan/plan.ts';
import { buildReport } from '../report/build.ts';
import { renderJson } from '../report/render/json.ts';
import { summaryText } from '../report/render/summary.ts';
import { executeRun, type RunOutcome } from '../run/lifecycle.ts';
import { findRun, readRun } from '../store/read.ts';
import { RunDirectory, utcStamp } from '../store/run-directory.ts';
import { DEFAULT_RESULTS, type App } from './app.ts';
import { calibrationFor } from './host-calibration.ts';
import { metricsServer } from './metrics-server.ts';
import { jsonOrUndefined, planExperiment, planFileSchema, planFromFile, replan, type PlannedExperiment } from './planning.ts';

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

/** Returns where the run is, for commands that go on with it. */
export async function runAndReport(app: App, source: Source, options: RunOptions): Promise<{ exit: ExitCode; path: string }> {
  const prepared =
    options.resume === undefined ? await freshRun(app, source, options) : await resumedRun(app, options.resume, options.results);
  const { planned, record, directory, done } = prepared;
  const cluster = app.families.clusters.find((candidate) => candidate.id === planned.plan.experiment.cluster.id);
  if (!cluster) throw new Error('the schema lets no unknown cluster through');
  const emit = app.progress(options.progress);
  const trials = trialsOf(planned.plan.blocks).length;
  const { stop, measureAll } = planned.plan.experiment.statistics;
  const budgetNs = stop === 'fixed' || measureAll ? null : planned.plan.experiment.statistics.budgetNs;
  emit({
    kind: 'started',
    run: record.id,
    directory: directory.path,
    trials: trials - done.size,
    estimateNs: Math.min((planned.plan.estimateNs * (trials - done.size)) / trials, budgetNs ?? Infinity),
    budgetNs,
  });
  const metrics = await metricsFor(app, options.metricsPort, record, prepared.trials, trials);
  const outcome = await executeRun({
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
    assess: openQuestions,
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
  await report(app, directory.path, options.json === true);
  if (outcome.invalid > 0) app.err(`${formatError(invalidTrials(outcome, record.id))}\n`);
  return { exit: outcome.invalid > 0 ? EXIT.invalidTrials : EXIT.ok, path: directory.path };
}

async function metricsFor(app: App, port: string | undefined, record: RunRecord, done: readonly TrialRecord[], planned: number) {
  if (port === undefined) return undefined;
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new MeshtaxError('MT1005', { subject: `--metrics-port ${port}`, problem: 'a port is a number from 1 to 65535', command: 'run' });
  return metricsServer(app.system, number, record, done, planned);
}

function invalidTrials({ invalid, trials }: RunOutcome, run: string): MeshtaxError {
  return new MeshtaxError('MT3007', { trials: invalid, total: trials, problem: 'their validity checks failed', run });
}

interface Prepared {
  readonly planned: PlannedExperiment;
  readonly record: RunRecord;
  readonly directory: RunDirectory;
  /** What an interrupted run has already. */
  readonly trials: readonly TrialRecord[];
  readonly done: ReadonlySet<string>;
  readonly resumed: { readonly facts: RunRecord['facts'] } | undefined;
}

async function freshRun(app: App, source: Source, options: RunOptions): Promise<Prepared> {
  if ('file' in source && source.file === undefined)
    throw new MeshtaxError('MT1005', { subject: 'the command', problem: 'it names neither an experiment nor --resume', command: 'run' });
  const planned =
    'text' in source ? planExperiment(app, source.text, 'experiment.yaml', options) : await planFromFile(app, source.file ?? '', options);
  const id = `${utcStamp(app.system.clock.wallTime())}-${app.system.randomId(6)}`;
  const directory = await RunDirectory.create(options.results, planned.plan.experiment.name, id, app.system.files);
  await directory.writeOnce('plan.json', `${JSON.stringify(planned.file, null, 1)}\n`);
  return { planned, record: newRecord(app, planned, id), directory, trials: [], done: new Set(), resumed: undefined };
}

/** @throws MeshtaxError MT4005 when the run is already sealed. */
async function resumedRun(app: App, wanted: string, results: string): Promise<Prepared> {
  const { files } = app.system;
  const path = await findRun(wanted, results, files);
  const stored = await readRun(path, files);
  if (stored.run.sealed) throw new MeshtaxError('MT4005', { run: stored.run.id });
  const plan = planFileSchema.safeParse(jsonOrUndefined((await files.readTextIfAny(`${path}/plan.json`)) ?? ''));
  if (!plan.success) throw new MeshtaxError('MT4003', { run: path, problem: 'plan.json is not a plan' });
  const lastBlock = Math.max(-1, ...stored.trials.map((trial) => trial.block));
  const record: RunRecord = {
    ...stored.run,
    gaps: [...stored.run.gaps, { afterBlock: lastBlock, at: app.system.clock.wallTime().toISOString() }],
  };
  return {
    planned: replan(app, plan.data, path),
    record,
    directory: await RunDirectory.open(path, files),
    trials: stored.trials,
    done: new Set(stored.trials.map((trial) => trial.id)),
    resumed: { facts: stored.run.facts },
  };
}

function newRecord(app: App, { plan, file }: PlannedExperiment, id: string): RunRecord {
  const { experiment } = plan;
  return {
    schemaVersion: SCHEMA_VERSION,
    id,
    experiment: experiment.name,
    question: experiment.question,
    tool: { version: app.version, node: app.system.host.nodeVersion },
    argv: [...app.argv],
    specText: file.specText,
    specHash: app.hash(file.specText),
    planHash: file.planHash,
    seed: plan.seed,
    cluster: experiment.cluster.id,
    baseline: experiment.baseline,
    confidence: experiment.statistics.confidence,
    blocks: experiment.statistics.blocks,
    blocksPerDeployment: experiment.statistics.blocksPerDeployment,
    stop: experiment.statistics.stop,
    minBlocks: experiment.statistics.minBlocks,
    margin: experiment.statistics.margin,
    designs: [],
    proofs: [],
    stopped: 'all blocks were measured',
    calibration: null,
    loads: [...experiment.loads],
    workloads: experiment.workloads.map(({ id: workload, name, options }, index) => ({
      name,
      id: workload,
      protocol: plan.servers[index]?.protocol ?? '',
      options,
    })),
    arms: armsOf(app, plan),
    collectors: app.families.collectors.map(({ id: collector, title, includes, leavesOut }) => ({
      id: collector,
      title,
      includes,
      leavesOut,
    })),
    facts: {},
    startedAt: app.system.clock.wallTime().toISOString(),
    endedAt: null,
    gaps: [],
    status: 'running',
    failure: null,
    findings: [],
    sealed: false,
  };
}

function armsOf(app: App, plan: Plan): RunRecord['arms'] {
  const { cluster } = plan.experiment;
  const baselines = app.families.clusters.find(({ id }) => id === cluster.id)?.baselines?.(cluster) ?? {};
  return plan.experiment.datapaths.map(({ id, name, options }) => {
    const datapath = app.families.datapaths.find((candidate) => candidate.id === id);
    if (!datapath) throw new Error(`no datapath ${id}`);
    const baseline = baselines[name];
    const own = baseline === undefined ? {} : { baseline };
    return { name, datapath: id, title: datapath.title, options, features: datapath.features(options), ...own, notes: {} };
  });
}

/** The part after the dash: it names namespaces and cgroups. */
function shortIdOf(runId: string): string {
  return runId.slice(runId.lastIndexOf('-') + 1);
}

async function report(app: App, path: string, json: boolean): Promise<void> {
  const stored = await readRun(path, app.system.files);
  const analysis = analyse(stored);
  const document = buildReport(stored, analysis);
  app.out(json ? renderJson(stored.run, analysis, document) : `${summaryText(analysis, document)}\nrun: ${path}\n`);
}
