/**
 * Where in a series of versions did something change? Candidates come from the series alone; what alerts is only a candidate
 * that a fresh paired measurement confirms, so that the detector's precision costs time and never truth.
 */
import { medianSorted } from 'simple-statistics';
import type { Random } from '../model/random.ts';
import { changePoints, type EDivisive } from './statistics/e-divisive.ts';

export const DETECTOR: EDivisive = { minSegment: 3, permutations: 199, alpha: 0.01 };

export interface Candidate {
  /** The first point of the new regime. */
  readonly at: number;
  readonly pValue: number;
  /** Between the two neighbouring regimes, on the log scale. */
  readonly shift: number;
}

/**
 * `logRatios`: of each version to the baseline that was measured beside it, oldest first. `margin`: a shift of less than half
 * of it is left alone.
 */
export function candidatesOf(logRatios: readonly number[], margin: number, random: Random, how: EDivisive = DETECTOR): Candidate[] {
  const found = changePoints(logRatios, how, random);
  return found
    .map(({ at, pValue }, index) => {
      const before = logRatios.slice(found[index - 1]?.at ?? 0, at);
      const after = logRatios.slice(at, found[index + 1]?.at ?? logRatios.length);
      return { at, pValue, shift: shiftOf(before, after) };
    })
    .filter(({ shift }) => Math.abs(shift) >= Math.log(1 + margin) / 2);
}

/** Hodges and Lehmann: the median of all differences between the two. */
function shiftOf(before: readonly number[], after: readonly number[]): number {
  return medianSorted(after.flatMap((a) => before.map((b) => a - b)).sort((a, b) => a - b));
}

/** How far beside the true place the detector may have put a candidate. */
export const REACH = 2;

export interface Search {
  /** A fresh paired measurement of two versions, by their places: is there a change from the first to the second? */
  readonly differs: (older: number, newer: number) => Promise<boolean>;
  /** Places from `from` up to but not `to` that may be asked: neighbouring candidates bound it. */
  readonly from: number;
  readonly to: number;
}

/** The first version that differs from the one before it, by bisection; undefined when nothing confirms the candidate. */
export async function confirmed({ at }: Pick<Candidate, 'at'>, { differs, from, to }: Search): Promise<number | undefined> {
  if (await differs(at - 1, at)) return at;
  let older = Math.max(from, at - 1 - REACH);
  let newer = Math.min(to - 1, at + REACH);
  if (!(await differs(older, newer))) return undefined;
  while (newer - older > 1) {
    const middle = Math.floor((older + newer) / 2);
    if (await differs(older, middle)) newer = middle;
    else older = middle;
  }
  return newer;
}
