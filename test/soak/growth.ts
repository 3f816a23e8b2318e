/** Does a process grow? The slope of its memory or descriptors over the second half of its time, when it is warm. */
import { linearRegression } from 'simple-statistics';
import { studentTQuantile } from '../../src/analysis/statistics/student-t.ts';

export const SAMPLE_MS = 10_000;
/** Five minutes: neighbouring samples are not independent, their means nearly are. */
const MEAN_OF = 30;
/** Fewer means say nothing of a line. */
const FEWEST_MEANS = 4;

export interface Sample {
  readonly atS: number;
  readonly rssMiB: number;
  readonly descriptors: number;
}

/** 95 %. */
export interface Slope {
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

/** Means of five minutes: at so many hours, so much. */
export function meansOf(samples: readonly Sample[], of: (sample: Sample) => number): [hours: number, mean: number][] {
  const means: [number, number][] = [];
  for (let at = 0; at + MEAN_OF <= samples.length; at += MEAN_OF) {
    const part = samples.slice(at, at + MEAN_OF);
    const mean = (each: (sample: Sample) => number) => part.reduce((sum, sample) => sum + each(sample), 0) / part.length;
    means.push([mean(({ atS }) => atS / 3600), mean(of)]);
  }
  return means;
}

/**
 * How much more of the second half was at most used than of the first. Memory that is given back and filled again with what waits for its
 * collection rises for an hour too, but never above where it was; what leaks does.
 */
export function newHeightMiB(samples: readonly Sample[]): number {
  const half = Math.floor(samples.length / 2);
  const [first, second] = [samples.slice(0, half), samples.slice(half)].map((part) =>
    Math.max(...meansOf(part, ({ rssMiB }) => rssMiB).map(([, mean]) => mean)),
  ) as [number, number];
  return second - first;
}

/** Undefined for too few samples. */
export function slopeOf(samples: readonly Sample[], of: (sample: Sample) => number): Slope | undefined {
  const means = meansOf(samples.slice(Math.floor(samples.length / 2)), of);
  if (means.length < FEWEST_MEANS) return undefined;
  const { m, b } = linearRegression(means);
  const meanX = means.reduce((sum, [x]) => sum + x, 0) / means.length;
  const spread = means.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const residual = means.reduce((sum, [x, y]) => sum + (y - b - m * x) ** 2, 0) / (means.length - 2);
  const half = studentTQuantile(0.975, means.length - 2) * Math.sqrt(residual / spread);
  return { perHour: m, low: m - half, high: m + half };
}
