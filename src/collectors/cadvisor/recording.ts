/** What recordings of sources that sample at times of their own have in common. */
import type { CadvisorSource } from '../../model/contracts/cadvisor.ts';
import type { Reading, Recording } from '../../model/contracts/collector.ts';
import type { Clock } from '../../model/ports.ts';
import { LEAST_SAMPLES } from './window.ts';

/** So many times the sampling interval a sample after the window is waited for. */
const PATIENCE = 4;

/** One source while a window lasts, and what it showed. */
export interface SourceRecording<T> {
  end(): void;
  close(): Promise<T>;
  abandon(): void;
}

export function together<T>(recordings: readonly SourceRecording<T>[], readingsOf: (all: readonly T[]) => readonly Reading[]): Recording {
  return {
    end: () => recordings.forEach((each) => each.end()),
    close: async () => readingsOf(await Promise.all(recordings.map((each) => each.close()))),
    abandon: () => recordings.forEach((each) => each.abandon()),
  };
}

/** Slewing (500 parts per million at most) moves a clock by less than this in any window of ours. */
const CLOCK_SET_MS = 100;

/** The edges of a window by the wall clock, as samples are; it ends when that is said, or else when it is first asked for. */
export class Edges {
  readonly #clock: Clock;
  readonly #fromNs: number;
  #lastedMs = 0;
  readonly fromMs: number;
  #toMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.fromMs = clock.wallTime().getTime();
    this.#fromNs = clock.monotonicNs();
  }

  end(): number {
    if (this.#toMs === undefined) {
      this.#toMs = this.#clock.wallTime().getTime();
      this.#lastedMs = (this.#clock.monotonicNs() - this.#fromNs) / 1e6;
    }
    return this.#toMs;
  }

  /** Why times of samples cannot be compared with this window's; undefined when they can. */
  unusable(): string | undefined {
    const byWallMs = this.end() - this.fromMs;
    if (Math.abs(byWallMs - this.#lastedMs) <= CLOCK_SET_MS) return undefined;
    return `the wall clock was set: it moved by ${Math.round(byWallMs)} ms in a window of ${Math.round(this.#lastedMs)} ms`;
  }
}

/** Until `hasBeyond` says that a sample after the window is there. In a window that cannot hold enough of them nothing is waited for. */
export async function samplesBeyond(
  { housekeepingMs, clockErrorMs }: CadvisorSource,
  clock: Clock,
  edges: Edges,
  hasBeyond: (atMs: number) => boolean,
): Promise<void> {
  const toMs = edges.end();
  const isHopeless = edges.unusable() !== undefined || toMs - edges.fromMs < (LEAST_SAMPLES - 1) * housekeepingMs;
  const turns = isHopeless ? 0 : PATIENCE * 2;
  for (let turn = 0; turn < turns && !hasBeyond(toMs + clockErrorMs); turn++) await clock.sleep(housekeepingMs / 2);
}
