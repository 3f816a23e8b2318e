/** Fabricated runs with known truth, for tests of analysis and report. */
import { encoded } from '../src/model/histogram.ts';
import { SCHEMA_VERSION, type RunRecord, type StoredRun, type TrialRecord } from '../src/model/records.ts';
import { PLAIN } from '../src/model/features.ts';

export interface TrialShape {
  readonly block: number;
  readonly position?: number;
  readonly arm: string;
  readonly workload?: string;
  readonly latenciesNs: readonly number[];
  readonly machineCpuNs?: number;
  readonly valid?: boolean;
}

export function trialOf(shape: TrialShape): TrialRecord {
  const n = shape.latenciesNs.length;
  const none = { count: 0, hdr: '' };
  return {
    schemaVersion: SCHEMA_VERSION,
    id: `${String(shape.block).padStart(3, '0')}-${String(shape.position ?? 0).padStart(2, '0')}-${shape.arm}`,
    block: shape.block,
    deployment: shape.block,
    position: shape.position ?? 0,
    arm: shape.arm,
    workload: shape.workload ?? 'http-echo',
    load: 'open-500',
    kind: 'latency',
    share: null,
    design: 'block',
    sharedUtilisation: null,
    superseded: false,
    generator: 'http-open',
    startedAt: '2026-01-02T03:04:05.000Z',
    requested: { ratePerSecond: 500, warmupNs: 0, durationNs: 2e9, connections: 8, arrivals: 'poisson', pacing: 'sleep' },
    result: {
      arms: [
        {
          arm: shape.arm,
          sent: n,
          ok: n,
          errors: 0,
          errorKinds: {},
          response: encoded(shape.latenciesNs),
          responseError: none,
          wait: none,
          connectionsOpened: 0,
          backlogMax: 0,
          backlogAtEnd: 0,
        },
      ],
      startNs: 0,
      endNs: 2e9,
      intendedRequests: n,
      achievedRatePerSecond: 500,
      lag: none,
      gapSampleNs: [],
      gapVariation: 1,
      cpuNs: 1e8,
      loopUtilisation: 0.1,
    },
    masked: null,
    host: null,
    instrumentsNs: 2e9,
    strangerCpus: null,
    measures: [
      {
        collector: 'machine-cpu',
        metric: 'cpu',
        component: 'machine',
        unit: 'ns',
        kind: 'counter',
        value: shape.machineCpuNs ?? n * 300_000,
      },
    ],
    notMeasured: [],
    distributions: [],
    path: { moved: {}, exact: true },
    componentsEnded: [],
    findings: [],
    valid: shape.valid ?? true,
  };
}

export function runOf(trials: readonly TrialRecord[], change: Partial<RunRecord> = {}): StoredRun {
  const arms = [...new Set(trials.map((trial) => trial.arm))];
  const run: RunRecord = {
    schemaVersion: SCHEMA_VERSION,
    id: '20260102T030405Z-abcdef',
    experiment: 'made-up',
    question: '',
    tool: { version: '0.0.0', node: 'v24' },
    argv: [],
    specText: 'name: made-up\n',
    specHash: 'x',
    planHash: 'y',
    seed: 'seed',
    cluster: 'lab',
    baseline: 'direct',
    confidence: 0.95,
    blocks: new Set(trials.map((trial) => trial.block)).size,
    blocksPerDeployment: 1,
    stop: 'fixed',
    minBlocks: 2,
    margin: 0.05,
    proofs: [],
    designs: [],
    stopped: 'all blocks were measured',
    calibration: null,
    loads: [],
    workloads: [],
    arms: arms.map((name) => ({
      name,
      datapath: name,
      title: name,
      options: {},
      features: {
        ...PLAIN,
        l7PassesPerRequest: name === 'envoy' ? 2 : 0,
        notes: '',
      },
      notes: {},
    })),
    collectors: [],
    facts: { kernel: '6.1' },
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: '2026-01-02T03:14:05.000Z',
    gaps: [],
    status: 'complete',
    failure: null,
    findings: [],
    sealed: true,
    ...change,
  };
  return { run, trials };
}
