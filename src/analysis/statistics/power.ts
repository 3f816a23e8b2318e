/** What a number of blocks can see, and how many blocks it takes to see something. */
import { halfWidth, type IntervalKind } from './interval.ts';
import { normalQuantile } from './normal.ts';

/**
 * Minimum detectable effect, on the scale of `spread` (standard deviation of block differences):
 * (z_{1-a/2} + z_{power}) s / sqrt(B) for a fixed number of blocks; half-width plus z_{power} s / sqrt(B) for a sequence.
 */
export function minimumDetectableEffect(spread: number, blocks: number, kind: IntervalKind, confidence: number, power = 0.8): number {
  const half = halfWidth(blocks, confidence, kind);
  return half === undefined ? Number.POSITIVE_INFINITY : spread * (half + normalQuantile(power) / Math.sqrt(blocks));
}

/** Blocks in all after which an interval of this spread has at most this half-width; undefined beyond 5000. */
export function blocksForHalfWidth(spread: number, wanted: number, kind: IntervalKind, confidence: number, from = 3): number | undefined {
  for (let blocks = from; blocks <= 5000; blocks = Math.max(blocks + 1, Math.floor(blocks * 1.05))) {
    const half = halfWidth(blocks, confidence, kind);
    if (half !== undefined && half * spread <= wanted) return blocks;
  }
  return undefined;
}
