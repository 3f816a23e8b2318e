/** Enough to test a distribution; so few that the pacer's own grain of some microseconds does not decide the test. */
const GAP_SAMPLE = 200;

/** Rate and evenness of the arrivals as they really happened. */
export class GapMeter {
  count = 0;
  #firstNs = 0;
  #lastNs = 0;
  #sum = 0;
  #sumOfSquares = 0;
  /** The first gaps, ns. */
  readonly sample: number[] = [];

  add(intendedNs: number, enqueueNs: number): void {
    if (this.count === 0) this.#firstNs = enqueueNs;
    else {
      const gap = (enqueueNs - this.#lastNs) / 1e3;
      this.#sum += gap;
      this.#sumOfSquares += gap * gap;
      if (this.sample.length < GAP_SAMPLE) this.sample.push(Math.round(gap * 1e3));
    }
    this.#lastNs = Math.max(enqueueNs, intendedNs);
    this.count++;
  }

  /** Of so many requests sent between the first and the last arrival. */
  rateOf(requests: number): number {
    return requests < 2 ? 0 : ((requests - 1) * 1e9) / (this.#lastNs - this.#firstNs);
  }

  variation(): number {
    const n = this.count - 1;
    if (n < 2) return 0;
    const mean = this.#sum / n;
    return Math.sqrt(Math.max(0, this.#sumOfSquares / n - mean * mean)) / mean;
  }
}
