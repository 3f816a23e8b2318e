/** Stored HDR histograms (ns): decoding, merging and percentiles that are only given where the samples carry them. */
import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** Fewer samples than this above a percentile, and it is not printed. */
export const SAMPLES_ABOVE = 10;

export function decode(stored: { readonly count: number; readonly hdr: string }): Histogram | undefined {
  return stored.count === 0 || stored.hdr === '' ? undefined : decodeFromCompressedBase64(stored.hdr);
}

/** In ns; undefined when fewer than 10 samples lie above it. `share` 0.99 is the 99th percentile. */
export function percentileNs(histogram: Histogram, share: number): number | undefined {
  // Rounded first: 1000 * (1 - 0.99) is 10.000000000000009 or 9.99… by accident of binary fractions.
  const above = Math.round(histogram.totalCount * (1 - share) * 1e6) / 1e6;
  return above < SAMPLES_ABOVE ? undefined : histogram.getValueAtPercentile(share * 100);
}

/** Counts added up: right for a descriptive curve, never for inference. */
export function merged(histograms: readonly Histogram[]): Histogram | undefined {
  if (histograms.length === 0) return undefined;
  const sum = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60e9, numberOfSignificantValueDigits: 3, bitBucketSize: 32 });
  for (const histogram of histograms) sum.add(histogram);
  return sum;
}
