/** What a run begins with: a plan, its record, its directory and the right to write there; afresh, or where another one ended. */
import { SCHEMA_VERSION, type RunRecord, type TrialRecord } from '../model/records.ts';
import { MeshtaxError } from '../model/errors.ts';
import { jsonOrUndefined } from '../model/json.ts';
import type { Plan } from '../plan/plan.ts';
import { findRun, readRun, readRunRecord } from '../store/read.ts';
import { RunDirectory, utcStamp } from '../store/run-directory.ts';
import type { App } from './app.ts';
import { planExperiment, planFileSchema, planFromFile, replan, type PlannedExperiment } from './planning.ts';
import type { RunOptions, Source } from './run.ts';

export interface Prepared {
  readonly planned: PlannedExperiment;
  readonly record: RunRecord;
  readonly directory: RunDirectory;
  /** What an interrupted run has already. */
  readonly trials: readonly TrialRecord[];
  readonly done: ReadonlySet<string>;
  readonly resumed: { readonly facts: RunRecord['facts'] } | undefined;
  /** Everything is measured; only the checksums are missing. */
  readonly whole: boolean;
  /** Lets other processes at the run again. */
  readonly release: () => Promise<void>;
}

/** @throws MeshtaxError MT4006 while another process has it. */
async function claim(app: App, run: string): Promise<() => Promise<void>> {
  const release = await app.system.locks.take(`run/${run}`);
  if (!release) throw new MeshtaxError('MT4006', { run });
  return release;
}

export async function freshRun(app: App, source: Source, options: RunOptions): Promise<Prepared> {
  if ('file' in source && source.file === undefined)
    throw new MeshtaxError('MT1005', { subject: 'the command', problem: 'it names neither an experiment nor --resume', command: 'run' });
  const planned =
    'text' in source ? planExperiment(app, source.text, 'experiment.yaml', options) : await planFromFile(app, source.file ?? '', options);
  const id = `${utcStamp(app.system.clock.wallTime())}-${app.system.randomId(6)}`;
  const directory = await RunDirectory.create(options.results, planned.plan.experiment.name, id, app.system.files);
  await directory.writeOnce('plan.json', `${JSON.stringify(planned.file, null, 1)}\n`);
  const release = await claim(app, id);
  const record = newRecord(app, planned, id);
  return { planned, record, directory, trials: [], done: new Set(), resumed: undefined, whole: false, release };
}

export async function resumedRun(app: App, wanted: string, results: string): Promise<Prepared> {
  const path = await findRun(wanted, results, app.system.files);
  const { id } = await readRunRecord(path, app.system.files);
  const release = await claim(app, id);
  try {
    return { ...(await readForResume(app, path)), release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** @throws MeshtaxError MT4005 when the run is already sealed. */
async function readForResume(app: App, path: string): Promise<Omit<Prepared, 'release'>> {
  const { files } = app.system;
  const stored = await readRun(path, files);
  if (stored.seal !== undefined) throw new MeshtaxError('MT4005', { run: stored.run.id });
  const plan = planFileSchema.safeParse(jsonOrUndefined((await files.readTextIfAny(`${path}/plan.json`)) ?? ''));
  if (!plan.success) throw new MeshtaxError('MT4003', { run: path, problem: 'plan.json is not a plan' });
  const lastBlock = Math.max(-1, ...stored.trials.map((trial) => trial.block));
  const whole = stored.run.status === 'complete';
  const gap = { afterBlock: lastBlock, at: app.system.clock.wallTime().toISOString() };
  const record: RunRecord = whole ? stored.run : { ...stored.run, gaps: [...stored.run.gaps, gap] };
  return {
    planned: replan(app, plan.data, path),
    record,
    directory: await RunDirectory.reopen(path, files),
    trials: stored.trials,
    done: new Set(stored.trials.map((trial) => trial.id)),
    resumed: { facts: stored.run.facts },
    whole,
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
    stopped: '',
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
