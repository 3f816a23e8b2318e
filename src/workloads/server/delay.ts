/** Server-side delay with a known distribution, kept precisely: the truth that generators are calibrated against. */
import type { Delay } from '../../model/contracts/workload.ts';
import type { Random } from '../../model/random.ts';

/** The delay of a request that arrived at `nowNs`, in ns. `originNs` anchors the phase of stalls. */
export function drawDelayNs(delay: Delay, random: Random, nowNs: number, originNs: number): number {
  switch (delay.kind) {
    case 'none':
      return 0;
    case 'fixed':
      return delay.delayNs;
    case 'lognormal':
      return delay.medianNs * Math.exp(delay.sigma * random.normal());
    case 'bimodal':
      return random.uniform() < delay.slowShare ? delay.slowNs : delay.fastNs;
    case 'stall': {
      const phaseNs = (nowNs - originNs) % delay.everyNs;
      return phaseNs < delay.stallNs ? delay.stallNs - phaseNs : 0;
    }
  }
}

interface Entry {
  readonly dueNs: number;
  readonly run: () => void;
}

const SPIN_BELOW_NS = 2e6;

/**
 * Runs callbacks at their time. Timers have millisecond grain, so within 2 ms of a deadline it polls the event loop
 * instead: precise to some microseconds, at the price of a busy CPU while anything is due.
 */
export class Deadlines {
  readonly #heap: Entry[] = [];
  readonly #now: () => number;
  /** What is waited for; a deadline before it must not wait with it. */
  #armed: { readonly dueNs: number; readonly cancel: () => void } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  at(dueNs: number, run: () => void): void {
    push(this.#heap, { dueNs, run });
    this.#arm();
  }

  #arm(): void {
    const next = this.#heap[0];
    if (!next || (this.#armed && this.#armed.dueNs <= next.dueNs)) return;
    this.#armed?.cancel();
    const { dueNs } = next;
    const restNs = dueNs - this.#now();
    if (restNs < SPIN_BELOW_NS) {
      const soon = setImmediate(() => this.#fire());
      this.#armed = { dueNs, cancel: () => clearImmediate(soon) };
    } else {
      const timer = setTimeout(() => this.#fire(), Math.floor((restNs - SPIN_BELOW_NS / 2) / 1e6));
      this.#armed = { dueNs, cancel: () => clearTimeout(timer) };
    }
  }

  #fire(): void {
    this.#armed = undefined;
    for (let next = this.#heap[0]; next && next.dueNs <= this.#now(); next = this.#heap[0]) {
      pop(this.#heap);
      next.run();
    }
    this.#arm();
  }
}

function push(heap: Entry[], entry: Entry): void {
  let i = heap.push(entry) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if ((heap[parent] as Entry).dueNs <= entry.dueNs) break;
    heap[i] = heap[parent] as Entry;
    i = parent;
  }
  heap[i] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop() as Entry;
  if (heap.length === 0) return;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as Entry).dueNs < (heap[child] as Entry).dueNs) child++;
    if ((heap[child] as Entry).dueNs >= last.dueNs) break;
    heap[i] = heap[child] as Entry;
    i = child;
  }
  heap[i] = last;
}
