/** Percentiles, given only where the samples carry them. */
import type { Histogram } from 'hdr-histogram-js';

/** Fewer samples than this above a percentile, and it is not printed. */
export const SAMPLES_ABOVE = 10;

/** In ns; undefined when fewer than 10 samples lie above it. `share` 0.99 is the 99th percentile. */
export function percentileNs(histogram: Histogram, share: number): number | undefined {
  return isCarried(histogram.totalCount, share) ? histogram.getValueAtPercentile(share * 100) : undefined;
}

export function isCarried(samples: number, share: number): boolean {
  // Rounded first: 1000 * (1 - 0.99) is 10.000000000000009 or 9.99… by accident of binary fractions.
  return Math.round(samples * (1 - share) * 1e6) / 1e6 >= SAMPLES_ABOVE;
}
