import type { Clock } from '../../model/ports.ts';

/** Lets requests pass at a stated rate at most, in the order in which they come. */
export class Turnstile {
  readonly #clock: Clock;
  readonly #gapNs: number;
  #nextNs = 0;
  passed = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#gapNs = 1e9 / perSecond;
  }

  async pass(): Promise<void> {
    const nowNs = this.#clock.monotonicNs();
    const dueNs = Math.max(nowNs, this.#nextNs);
    this.#nextNs = dueNs + this.#gapNs;
    this.passed++;
    if (dueNs > nowNs) await this.#clock.sleep((dueNs - nowNs) / 1e6);
  }
}
