/**
 * The last events, in memory of fixed size: perf records as bytes, access log entries as objects. Positions only grow;
 * who reads behind the oldest has lost what lies between.
 */
import { KIND, kindOf, lostIn, notificationAt, RECORD_BYTES, timeNsOf, type Notification } from './records.ts';

/** One HTTP exchange that a proxy logged: one half of it. */
export interface HttpEvent {
  readonly half: 'request' | 'response';
  /** Wall clock. */
  readonly timeNs: bigint;
  readonly latencyNs: bigint;
  readonly reporter: 'client' | 'server';
  readonly method: string;
  readonly url: string;
  readonly protocol: string;
  readonly code: number;
  readonly requestId: string;
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
}

export type Observed =
  | { readonly kind: 'packet'; readonly notification: Notification }
  | { readonly kind: 'http'; readonly http: HttpEvent }
  | {
      readonly kind: 'lost';
      readonly source: 'perf' | 'queue';
      readonly cpu: number | undefined;
      readonly count: number;
      readonly timeNs: bigint;
    };

export class Ring {
  readonly capacity: number;
  readonly #records: Buffer;
  readonly #others: (Observed | undefined)[];
  #next = 0;
  #flows = 0;

  /** Hubble's own default: one less than a power of two. */
  constructor(capacity = 4095) {
    this.capacity = capacity;
    this.#records = Buffer.alloc(capacity * RECORD_BYTES);
    this.#others = Array.from({ length: capacity }, () => undefined);
  }

  /** The position after the newest event. */
  get end(): number {
    return this.#next;
  }

  get oldest(): number {
    return Math.max(0, this.#next - this.capacity);
  }

  /** Flows since the start; lost events are no flows. */
  get seen(): number {
    return this.#flows;
  }

  addRecord(bytes: Buffer, at: number): void {
    const kind = kindOf(bytes, at);
    if (kind === KIND.event) {
      const slot = this.#next++ % this.capacity;
      bytes.copy(this.#records, slot * RECORD_BYTES, at, at + RECORD_BYTES);
      this.#others[slot] = undefined;
      this.#flows++;
    } else if (kind === KIND.lost) {
      const { cpu, count } = lostIn(bytes, at);
      this.add({ kind: 'lost', source: 'perf', cpu, count, timeNs: timeNsOf(bytes, at) });
    }
  }

  add(event: Exclude<Observed, { kind: 'packet' }>): void {
    this.#others[this.#next++ % this.capacity] = event;
    if (event.kind !== 'lost') this.#flows++;
  }

  /** @throws RangeError where there is nothing, or nothing any more. */
  at(position: number): Observed {
    if (position < this.oldest || position >= this.#next) throw new RangeError(`no event at ${position}`);
    const slot = position % this.capacity;
    return this.#others[slot] ?? { kind: 'packet', notification: notificationAt(this.#records, slot * RECORD_BYTES) };
  }
}
