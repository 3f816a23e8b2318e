/** An importer: the result file of another load generator, as figures, and what they can carry. Pure. */

import type { Imported } from '../model/imported.ts';

export interface Importer {
  readonly id: string;
  readonly title: string;
  /** Whether a text is one of its files. Cheap; `parse` may still refuse it. */
  recognises(text: string): boolean;
  /** @throws Error in plain words. */
  parse(text: string): Imported;
}

/** Undefined for what is no JSON object. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const UNITS_NS: Readonly<Record<string, number>> = { us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** `1.53s`, `12.92ms`, `850us`; undefined for anything else. */
export function shortDurationNs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text.trim());
  return match ? Number(match[1]) * (UNITS_NS[match[2] as string] as number) : undefined;
}

/** Sorted by share; zero and unreal values are no percentile. */
export function percentiles(pairs: readonly (readonly [share: number, ns: number])[]): (readonly [number, number])[] {
  return pairs
    .map(([share, ns]) => [Number(share.toFixed(7)), Math.round(ns)] as const)
    .filter(([share, ns]) => share > 0 && share < 1 && Number.isFinite(ns) && ns > 0)
    .sort(([a], [b]) => a - b);
}

/** Of raw latencies, by nearest rank: the smallest value that this share of all does not exceed. */
export function percentilesOfRaw(latenciesNs: readonly number[]): (readonly [number, number])[] {
  const sorted = latenciesNs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  // A percentile needs ten values above it.
  return percentiles(
    [0.5, 0.75, 0.9, 0.95, 0.99, 0.999].filter((share) => sorted.length * (1 - share) >= 10).map((share) => [share, at(share)] as const),
  );
}
