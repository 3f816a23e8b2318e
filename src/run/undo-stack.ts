/**
 * Effects and their undoing. The undo is pushed before the effect, so that half-made things are cleaned too; undoing
 * runs in reverse order, goes on after a failure, and has its own time budget, whatever ended the run. What hangs takes at most half
 * of the time that is left, so that there is some for everything after it.
 */
import { reasonOf } from '../model/errors.ts';
import type { Clock } from '../model/ports.ts';
import { within } from '../model/within.ts';

/** Even when the time is over: most things are undone in a moment, and what is not is left on the machine. */
const LEAST_MS = 1000;

export interface UndoFailure {
  readonly title: string;
  readonly reason: string;
}

/** `wires: it took longer than 1000 ms; cgroups: …` */
export function inWords(failures: readonly UndoFailure[]): string {
  return failures.map(({ title, reason }) => `${title}: ${reason}`).join('; ');
}

export class UndoStack {
  readonly #entries: { title: string; undo: () => Promise<void>; budgetMs: number | undefined }[] = [];
  readonly #clock: Clock;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly push = (title: string, undo: () => Promise<void>, budgetMs?: number): void => {
    // Work that an interruption left behind must not make what nobody would undo any more.
    if (this.#closed) throw new Error(`too late for ${title}: the run is being undone`);
    this.#entries.push({ title, undo, budgetMs });
  };

  /** Undo everything and accept nothing more. Never throws: what failed is returned. */
  async unwind(budgetMs: number): Promise<UndoFailure[]> {
    this.#closed = true;
    const failures: UndoFailure[] = [];
    let deadline = this.#clock.monotonicNs() + budgetMs * 1e6;
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const beganNs = this.#clock.monotonicNs();
      const leftMs = entry.budgetMs ?? Math.max((deadline - beganNs) / 2e6, LEAST_MS);
      try {
        await within(entry.undo(), leftMs);
      } catch (error) {
        failures.push({ title: entry.title, reason: reasonOf(error) });
      }
      if (entry.budgetMs !== undefined) deadline += this.#clock.monotonicNs() - beganNs;
    }
    return failures;
  }
}
