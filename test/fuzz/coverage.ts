/** Which blocks of our own code ran since the last question: an input that reached a new one is worth changing further. */
import inspector from 'node:inspector';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

export class Coverage {
  readonly #session = new inspector.Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many blocks of src/ ran for the first time. */
  take(): number {
    let fresh = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      for (const { url, functions } of answer.result.filter((script) => script.url.includes('/src/'))) {
        for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges as Range[])) {
          const block = `${url}:${startOffset}-${endOffset}`;
          if (count === 0 || this.#seen.has(block)) continue;
          this.#seen.add(block);
          fresh++;
        }
      }
    });
    return fresh;
  }

  get blocks(): number {
    return this.#seen.size;
  }

  end(): void {
    this.#session.disconnect();
  }
}
