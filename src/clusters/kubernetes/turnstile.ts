import type { Clock } from '../../model/ports.ts';

/** Lets requests pass at a stated rate at most, in the order in which they come, and so many at a time: each may be megabytes. */
export class Turnstile {
  readonly #clock: Clock;
  readonly #gapNs: number;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  #nextNs = 0;
  passed = 0;

  constructor(clock: Clock, perSecond: number, most = 8) {
    this.#clock = clock;
    this.#gapNs = 1e9 / perSecond;
    this.#most = most;
  }

  async through<T>(request: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#inside++;
    try {
      await this.#inTurn();
      return await request();
    } finally {
      this.#inside--;
      this.#waiting.shift()?.();
    }
  }

  async #inTurn(): Promise<void> {
    const nowNs = this.#clock.monotonicNs();
    const dueNs = Math.max(nowNs, this.#nextNs);
    this.#nextNs = dueNs + this.#gapNs;
    this.passed++;
    if (dueNs > nowNs) await this.#clock.sleep((dueNs - nowNs) / 1e6);
  }
}
