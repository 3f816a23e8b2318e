/** `meshtax calibrate`: the tool measures its own truthfulness on this host, and says plainly whether it passes. */
import { falsePositives, firstVerdict, pairSpread } from '../analysis/relabel.ts';
import { PRIMARY } from '../analysis/metrics.ts';
import { CALIBRATION_VERSION, type Calibration } from '../model/calibration.ts';
import type { StoredRun } from '../model/records.ts';
import { nullExperiment, injectedExperiment, type Injection } from './experiments.ts';
import { failuresOf } from './failures.ts';
import {
  knownWindow,
  pacingFigures,
  quantileErrors,
  STALL,
  stallErrors,
  type CalibrationSite,
  type Effort,
  type Subject,
} from './known-delay.ts';
import { highestRatePerCore, selfCost, type SelfCost } from './self-cost.ts';

const LOGNORMAL = ['lognormal', '2e6', '0.6'] as const;
const BIMODAL = ['bimodal', '0.5e6', '20e6', '0.05'] as const;
const RELABELLED = 400;

export const subjects: readonly Subject[] = [
  { name: 'http-open', protocol: 'http', engine: 'http1', pacing: 'sleep', connections: 64 },
  { name: 'http-open-spin', protocol: 'http', engine: 'http1', pacing: 'spin', connections: 64 },
  { name: 'grpc-open', protocol: 'grpc', engine: 'grpc-frames', pacing: 'sleep', connections: 8 },
  { name: 'grpc-open-conformance', protocol: 'grpc', engine: 'grpc-js', pacing: 'sleep', connections: 4 },
];

/** Drives closed loops only, so there is nothing to tell of its clock. */
const capacitySubject: Subject = { name: 'http-capacity', protocol: 'http', engine: 'autocannon', pacing: 'sleep', connections: 16 };

export interface CalibrationRequest {
  readonly quick: boolean;
  readonly meshtax: string;
  readonly at: string;
  /** What of the cluster's facts makes this host, and its name. */
  readonly identify: (facts: Calibration['facts']) => Pick<Calibration, 'host' | 'facts'>;
  readonly say: (line: string) => void;
  /** A place for generators and servers; closed again afterwards. */
  readonly withSite: <T>(use: (site: CalibrationSite, facts: Calibration['facts']) => Promise<T>) => Promise<T>;
  /** Runs an experiment from its text and reads it back. */
  readonly runExperiment: (specText: string) => Promise<StoredRun>;
}

type Figures = Omit<Calibration, 'calibrationVersion' | 'at' | 'meshtax' | 'host' | 'facts' | 'quick' | 'passed' | 'failures'>;

export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { quick, meshtax, at } = request;
  const [alone, identity] = await request.withSite(
    async (site, facts) => [await generatorFigures(site, request), request.identify(facts)] as const,
  );
  const compared = await comparisonFigures(request);
  const figures = { ...alone, ...compared };
  const failures = failuresOf(figures);
  return { calibrationVersion: CALIBRATION_VERSION, at, meshtax, ...identity, quick, ...figures, passed: failures.length === 0, failures };
}

type GeneratorFigures = Pick<
  Figures,
  'quantileError' | 'quantileErrorMasked' | 'bimodalError' | 'stall' | 'pacing' | 'pacedCost' | 'selfCost' | 'highestRatePerCore'
>;

async function generatorFigures(site: CalibrationSite, { quick, say }: CalibrationRequest): Promise<GeneratorFigures> {
  const effort: Effort = quick ? { windowNs: 4e9, warmupNs: 1.5e9 } : { windowNs: 12e9, warmupNs: 5e9 };
  const figures: GeneratorFigures = {
    quantileError: {},
    quantileErrorMasked: {},
    bimodalError: {},
    stall: {},
    pacing: {},
    pacedCost: {},
    selfCost: {},
    highestRatePerCore: {},
  };
  for (const subject of quick ? subjects.slice(0, 1) : subjects) {
    const { name } = subject;
    say(`${name}: known delays`);
    const lognormal = await knownWindow(site, subject, LOGNORMAL, 'poisson', effort);
    figures.quantileError[name] = quantileErrors(lognormal, lognormal.got);
    figures.quantileErrorMasked[name] = quantileErrors(lognormal, lognormal.gotMasked);
    figures.pacedCost[name] = { cpuMsPer1000: lognormal.cpuMsPer1000 };
    const bimodal = await knownWindow(site, subject, BIMODAL, 'poisson', effort);
    figures.bimodalError[name] = quantileErrors(bimodal, bimodal.got);
    // Evenly spaced: then the share that a stall catches is exact, and its percentiles are arithmetic.
    const stalled = await knownWindow(site, subject, ['stall', String(STALL.everyNs), String(STALL.stallNs)], 'uniform', effort);
    figures.stall[name] = stallErrors(stalled);
    figures.pacing[name] = pacingFigures(lognormal, stalled);
    if (subject.pacing === 'sleep' && !quick) {
      say(`${name}: what it costs itself`);
      keepCost(figures, name, await selfCost(site, subject, 3, 3));
    }
    if (!quick) figures.highestRatePerCore[name] = await highestRatePerCore(site, subject);
  }
  if (!quick) keepCost(figures, capacitySubject.name, await selfCost(site, capacitySubject, 3, 3));
  return figures;
}

function keepCost(figures: GeneratorFigures, name: string, cost: SelfCost | undefined): void {
  if (cost) figures.selfCost[name] = cost;
}

type ComparisonFigures = Pick<Figures, 'falsePositives' | 'pairSd' | 'equivalentAfterSeconds' | 'injected'>;

async function comparisonFigures({ quick, say, runExperiment }: CalibrationRequest): Promise<ComparisonFigures> {
  const blocks = quick ? 6 : 24;
  say('the same datapath twice');
  const same = await runExperiment(nullExperiment(blocks, quick ? 'quick' : 'full'));
  const secondsOf = (stored: StoredRun, count: number | undefined) => (count === undefined ? null : count * blockSeconds(stored));
  const metrics = PRIMARY.filter((metric) => pairSpread(same, 'twin', metric));
  const injected: Figures['injected'] = [];
  const plan = injectionsOf(same);
  say(`injected slowdowns: ${plan.map(({ metric, delayNs }) => `${(delayNs / 1000).toFixed(1)} us (5 % of ${metric})`).join(', ')}`);
  // Five per cent of nothing cannot be injected.
  const slowed = plan.length === 0 ? same : await runExperiment(injectedExperiment(plan, blocks, quick ? 'quick' : 'full'));
  for (const { arm, metric, size, delayNs } of plan) {
    const found = firstVerdict(slowed, arm, metric, ['higher']);
    const ratio = found.final?.versus?.ratio;
    injected.push({
      metric,
      size,
      delayNs,
      estimate: ratio ? ratio.estimate - 1 : null,
      low: ratio ? ratio.low - 1 : null,
      high: ratio ? ratio.high - 1 : null,
      verdict: found.final?.versus?.verdict ?? 'none',
      secondsToVerdict: secondsOf(slowed, found.blocks),
    });
  }
  return {
    falsePositives: falsePositives(same, quick ? 50 : RELABELLED, same.run.seed),
    pairSd: Object.fromEntries(
      metrics.flatMap((metric) => [[metric, pairSpread(same, 'twin', metric)] as const]).filter((entry) => entry[1] !== undefined),
    ) as Figures['pairSd'],
    equivalentAfterSeconds: Object.fromEntries(
      metrics.map((metric) => [metric, secondsOf(same, firstVerdict(same, 'twin', metric, ['no difference']).blocks)]),
    ),
    injected,
  };
}

/** Measured seconds of one block's latency window. */
function blockSeconds({ trials }: StoredRun): number {
  return (trials.find((trial) => trial.kind === 'latency')?.requested.durationNs ?? 0) / 1e9;
}

const INJECTED_SHARE = 0.05;

/** Five per cent of what the untouched datapath showed. */
function injectionsOf(same: StoredRun): Injection[] {
  return (['latency.p50', 'latency.p99'] as const).flatMap((metric) => {
    const value = firstVerdict(same, same.run.baseline, metric, []).final?.value?.estimate;
    if (value === undefined) return [];
    const delayNs = Math.round(value * INJECTED_SHARE);
    return [{ arm: `slower-${metric.replace('latency.', '')}`, metric, size: INJECTED_SHARE, delayNs }];
  });
}
