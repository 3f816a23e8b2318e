/** The run as it went: each measured window at its place in time, with what was wrong with it. */
import type { TrialRecord } from '../model/records.ts';
import { percentileNs } from './histogram.ts';
import { decode } from '../model/histogram.ts';

export interface TimelinePoint {
  readonly arm: string;
  readonly block: number;
  readonly deployment: number;
  /** When its warm-up began, s after the first of the comparison. */
  readonly atS: number;
  readonly warmupS: number;
  readonly durationS: number;
  /** Before masking; undefined where the samples do not carry it. */
  readonly p50Ns: number | undefined;
  readonly p99Ns: number | undefined;
  readonly errors: number;
  /** Share of the CPUs' time in which the host ran nothing of ours; undefined without a stall meter. */
  readonly lostShare: number | undefined;
  readonly valid: boolean;
  /** Measured again later, because the host stood still. */
  readonly superseded: boolean;
}

/** Datapaths that take turns share a window: it and its warm-up last as many times longer. */
function turns({ design, requested, result }: TrialRecord): number {
  return design === 'slice' ? Math.max(1, Math.round((result.endNs - result.startNs) / requested.durationNs)) : 1;
}

/** `trials`: of one comparison; its latency windows in the order of time. */
export function timelineOf(trials: readonly TrialRecord[]): TimelinePoint[] {
  const windows = trials.filter(({ kind }) => kind === 'latency').toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const first = Date.parse(windows[0]?.startedAt ?? '');
  return windows.map((trial) => {
    const own = trial.result.arms[0];
    const histogram = decode(own?.response);
    return {
      arm: trial.arm,
      block: trial.block,
      deployment: trial.deployment,
      atS: (Date.parse(trial.startedAt) - first) / 1000,
      warmupS: (trial.requested.warmupNs / 1e9) * turns(trial),
      durationS: (trial.result.endNs - trial.result.startNs) / 1e9,
      p50Ns: histogram && percentileNs(histogram, 0.5),
      p99Ns: histogram && percentileNs(histogram, 0.99),
      errors: own?.errors ?? 0,
      lostShare: trial.host?.lostShare,
      valid: trial.valid,
      superseded: trial.superseded,
    };
  });
}
