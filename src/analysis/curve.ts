/** The percentile curve of all blocks together: it shows the shape; inference comes from the blocks. */
import type { Histogram } from 'hdr-histogram-js';
import { isCarried } from './histogram.ts';
import { quantileRanks } from './statistics/quantile-interval.ts';

export interface CurvePoint {
  readonly share: number;
  readonly ns: number;
  /** Sampling error only, from order statistics: blocks differ by more. Undefined where the samples do not reach. */
  readonly lowNs: number | undefined;
  readonly highNs: number | undefined;
}

const SHARES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999];

export function curveOf(sum: Histogram | undefined, confidence: number): CurvePoint[] {
  if (!sum || sum.totalCount === 0) return [];
  const count = sum.totalCount;
  const at = (share: number) => sum.getValueAtPercentile(share * 100);
  return SHARES.filter((share) => share === 0 || isCarried(count, share)).map((share) => {
    const ranks = share === 0 ? undefined : quantileRanks(count, share, confidence);
    return {
      share,
      ns: share === 0 ? sum.minNonZeroValue : at(share),
      lowNs: ranks && at(ranks.low / count),
      highNs: ranks && at(Math.min(1, ranks.high / count)),
    };
  });
}

const STEPS = 50;

/** Quantiles at every fiftieth, up to the last that the samples carry. */
export function distributionOf(sum: Histogram | undefined): (readonly [share: number, ns: number])[] {
  if (!sum || sum.totalCount === 0) return [];
  return Array.from({ length: STEPS + 1 }, (_, index) => index / STEPS)
    .map((share) => (share === 1 ? 0.99 : share))
    .filter((share) => share === 0 || isCarried(sum.totalCount, share))
    .map((share) => [share, share === 0 ? sum.minNonZeroValue : sum.getValueAtPercentile(share * 100)] as const);
}
