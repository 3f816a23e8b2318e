/** HDR histograms in nanoseconds, 3 significant digits, 1 ns to 60 s; stored as HDR V2 base64 (github.com/HdrHistogram). */
import { build, encodeIntoCompressedBase64, type Histogram, type JsHistogram } from 'hdr-histogram-js';
import { decompress, doDecode } from 'hdr-histogram-js/dist/JsHistogram.encoding.js';
import { MeshtaxError, reasonOf } from './errors.ts';
import { problemOf, type HdrShape } from './hdr-words.ts';

const HIGHEST_NS = 60e9;
const DIGITS = 3;

/** A histogram as records hold it; empty text when nothing was counted. */
export interface StoredHistogram {
  readonly count: number;
  readonly hdr: string;
}

export function newHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST_NS, numberOfSignificantValueDigits: DIGITS, bitBucketSize: 32 });
}

export function record(histogram: Histogram, ns: number): void {
  histogram.recordValue(ns < 1 ? 1 : ns > HIGHEST_NS ? HIGHEST_NS : Math.round(ns));
}

export function encode(histogram: Histogram): { count: number; hdr: string } {
  const count = histogram.totalCount;
  return { count, hdr: count === 0 ? '' : encodeIntoCompressedBase64(histogram) };
}

/** Of ours the longest has some 20,000 letters; what unpacks to a thousand times its size must not be long. */
const LONGEST_HDR = 131_072;

/** Undefined when nothing was counted. @throws MeshtaxError MT4007 for what is no histogram of ours. */
export function decode(stored: StoredHistogram | undefined): Histogram | undefined {
  if (!stored || stored.count === 0 || stored.hdr === '') return undefined;
  if (stored.hdr.length > LONGEST_HDR) throw new MeshtaxError('MT4007', { problem: `it has ${stored.hdr.length} letters` });
  try {
    const data = decompress(Uint8Array.from(atob(stored.hdr), (letter) => letter.charCodeAt(0)));
    const problem = problemOf(data, shape());
    if (problem !== undefined) throw new Error(problem);
    return doDecode(data);
  } catch (error) {
    throw new MeshtaxError('MT4007', { problem: reasonOf(error) });
  }
}

let ours: HdrShape | undefined;

function shape(): HdrShape {
  return (ours ??= { digits: DIGITS, lowest: 1, highest: HIGHEST_NS, places: (newHistogram() as JsHistogram).countsArrayLength });
}

/** These values as a stored histogram. */
export function encoded(valuesNs: readonly number[]): { count: number; hdr: string } {
  const histogram = newHistogram();
  for (const value of valuesNs) record(histogram, value);
  return encode(histogram);
}

/** How many values lie at or below each bound (ascending, ns). */
export function countsAtOrBelow(histogram: Histogram, boundsNs: readonly number[]): number[] {
  // Every histogram that the library builds in JavaScript is one of these; its interface leaves the iterator out.
  const iterator = (histogram as unknown as Pick<JsHistogram, 'recordedValuesIterator'>).recordedValuesIterator;
  const counts = boundsNs.map(() => 0);
  let at = 0;
  let sum = 0;
  iterator.reset();
  while (iterator.hasNext()) {
    const { valueIteratedTo, countAddedInThisIterationStep } = iterator.next();
    while (at < counts.length && valueIteratedTo > (boundsNs[at] as number)) counts[at++] = sum;
    sum += countAddedInThisIterationStep;
  }
  return counts.fill(sum, at);
}
