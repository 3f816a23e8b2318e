/** The program that reads the datapath's perf events (clusters/lab/programs/flow-reader.c), as the observer's child. */
import type { Readable, Writable } from 'node:stream';
import { within } from '../../../model/within.ts';
import { KIND, kindOf, RECORD_BYTES } from './records.ts';

/** It answers within a millisecond; one that takes so long stands still. */
const PATIENCE_MS = 2000;

export interface ReaderEnds {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

export class EventReader {
  readonly #ends: ReaderEnds;
  readonly #onRecord: (bytes: Buffer, at: number) => void;
  readonly #onBatch: () => void;
  /** Who waits for an empty record, in the order in which they asked; the first is told once all buffers are open. */
  readonly #waiting: (() => void)[] = [];
  #rest: Buffer = Buffer.alloc(0);
  /** Resolves once all buffers are open. */
  readonly opened: Promise<void>;

  constructor(ends: ReaderEnds, onRecord: (bytes: Buffer, at: number) => void, onBatch: () => void) {
    this.#ends = ends;
    this.#onRecord = onRecord;
    this.#onBatch = onBatch;
    this.opened = new Promise((resolve) => this.#waiting.push(resolve));
    ends.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    ends.stdin.on('error', () => {}); // it ended: told by its exit
  }

  /** Everything that was in the buffers when it was called has been read. @throws Error when the reader stands still. */
  async settled(): Promise<void> {
    const answered = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#ends.stdin.write('?');
    await within(answered, PATIENCE_MS, `the reader of the events gave no answer within ${PATIENCE_MS} ms`);
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
      if (kindOf(bytes, at) === KIND.ready) this.#waiting.shift()?.();
      else this.#onRecord(bytes, at);
    }
    this.#rest = bytes.subarray(at);
    this.#onBatch();
  }
}
