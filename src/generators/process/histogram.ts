/** HDR histograms in nanoseconds, 3 significant digits, 1 ns to 60 s; stored as HDR V2 base64. */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

export const HIGHEST_NS = 60e9;

export function newHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST_NS, numberOfSignificantValueDigits: 3, bitBucketSize: 32 });
}

export function record(histogram: Histogram, ns: number): void {
  histogram.recordValue(ns < 1 ? 1 : ns > HIGHEST_NS ? HIGHEST_NS : Math.round(ns));
}

export function encode(histogram: Histogram): { count: number; hdr: string } {
  const count = histogram.totalCount;
  return { count, hdr: count === 0 ? '' : encodeIntoCompressedBase64(histogram) };
}
