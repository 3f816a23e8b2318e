/**
 * Which requests a stall of the host may have touched. The rule is fixed before any run and looks at nothing but the
 * time at which a request became due: not at its arm, not at its latency, so it cannot favour anyone. (Dropping what
 * overlaps a stall would: slow requests overlap more; docs/decisions/010-masking.md.)
 */
import type { Stall } from './contracts/cluster.ts';
import type { TimeWindow } from './contracts/generator.ts';
import type { HostRecord } from './records.ts';

/** Shorter ones are many and small, and a busy kernel alone can make a real-time thread wait for them. */
const SHORTEST_NS = 0.5e6;
/** Requests that became due so long before a stall were mostly answered when it began. */
const BEFORE_NS = 1e6;
/** What queued up during a stall is worked off by then, most of it. */
const AFTER_NS = 0.5e6;

/** More lost time than this is worth measuring again, and a warning if it stays; a longer stall is a hole in the window. */
export const MOST_LOST_SHARE = 0.02;
export const LONGEST_STALL_NS = 100e6;

/** Whether a window should be measured again. A meter that does not outrank the load cannot tell. */
export function stoodStill({ meter, lostShare, longestNs }: HostRecord): boolean {
  return meter === 'real-time' && (lostShare > MOST_LOST_SHARE || longestNs > LONGEST_STALL_NS);
}

/** Share of a window in which at least one CPU stood still. */
export function stalledShare({ log }: HostRecord, fromNs: number, toNs: number): number {
  let [sumNs, endNs] = [0, fromNs];
  for (const [, from, to] of log.toSorted(([, a], [, b]) => a - b)) {
    sumNs += Math.max(0, Math.min(to, toNs) - Math.max(from, endNs));
    endNs = Math.max(endNs, Math.min(to, toNs));
  }
  return sumNs / Math.max(1, toNs - fromNs);
}

/** Sorted and apart from each other. */
export function maskWindows(stalls: readonly Stall[]): TimeWindow[] {
  const windows: TimeWindow[] = [];
  const long = stalls.filter(({ fromNs, toNs }) => toNs - fromNs >= SHORTEST_NS);
  for (const { fromNs, toNs } of long.sort((a, b) => a.fromNs - b.fromNs)) {
    const [from, to] = [fromNs - BEFORE_NS, toNs + AFTER_NS];
    const last = windows.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else windows.push([from, to]);
  }
  return windows;
}

/** What of the stalls fell into a load, as it is stored with the trial. */
/** So many are written down: a window of an hour on many CPUs has a million, and its record must stay one that can be read. */
export const MOST_LOGGED = 10_000;

/** In the order of time. */
function longest(stalls: readonly Stall[]): readonly Stall[] {
  if (stalls.length <= MOST_LOGGED) return stalls;
  const length = ({ fromNs, toNs }: Stall) => toNs - fromNs;
  return stalls
    .toSorted((a, b) => length(b) - length(a))
    .slice(0, MOST_LOGGED)
    .toSorted((a, b) => a.fromNs - b.fromNs);
}

export function hostRecord(stalls: readonly Stall[], meter: HostRecord['meter'], fromNs: number, toNs: number, cpus: number): HostRecord {
  const inside = stalls.filter((stall) => stall.toNs > fromNs && stall.fromNs < toNs);
  const lengths = inside.map((stall) => Math.min(stall.toNs, toNs) - Math.max(stall.fromNs, fromNs));
  return {
    meter,
    stalls: inside.length,
    longestNs: Math.max(0, ...lengths),
    lostShare: lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, (toNs - fromNs) * cpus),
    log: longest(inside).map(({ cpu, fromNs: from, toNs: to }) => [cpu, from, to]),
  };
}
