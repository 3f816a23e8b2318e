import type { Histogram } from 'hdr-histogram-js';
import { NEVER_SENT, type ArmLoad, type MaskedArm, type TimeWindow } from '../../model/contracts/generator.ts';
import type { ArmClient } from './arm-client.ts';
import { encode, newHistogram, record } from '../../model/histogram.ts';
import { monotonicNs } from './monotonic.ts';

/** Queueing and recording of one arm. */
export class ArmRecorder {
  readonly #name: string;
  readonly #client: ArmClient;
  readonly #openedBefore: number;
  readonly #response = newHistogram();
  readonly #responseError = newHistogram();
  readonly #wait = newHistogram();
  readonly #backlog: number[] = [];
  readonly #errorKinds: Record<string, number> = {};
  /** Enqueue and done of every good answer, in turn: what masking needs. */
  readonly #answers: number[] = [];
  /** When each request was handed over (ascending) and when it was due, in turn. */
  readonly #requests: number[] = [];
  #sent = 0;
  #ok = 0;
  #errors = 0;
  #backlogMax = 0;
  #backlogAtEnd = 0;

  constructor(name: string, client: ArmClient) {
    this.#name = name;
    this.#client = client;
    this.#openedBefore = client.opened();
    client.onDone = (enqueueNs, doneNs, failure) => this.#done(enqueueNs, doneNs, failure);
    client.onFree = () => this.#drainBacklog();
  }

  enqueue(enqueueNs: number, dueNs: number): void {
    if (this.#backlog.length === 0 && this.#client.trySend(enqueueNs)) {
      this.#sent++;
      record(this.#wait, monotonicNs() - enqueueNs);
    } else {
      this.#backlog.push(enqueueNs);
      this.#backlogMax = Math.max(this.#backlogMax, this.#backlog.length);
    }
    this.#requests.push(enqueueNs, dueNs);
  }

  noteEndOfArrivals(): void {
    this.#backlogAtEnd = this.#backlog.length;
  }

  get sentSoFar(): number {
    return this.#sent;
  }

  outstanding(): number {
    return this.#backlog.length + this.#client.inFlight();
  }

  /** What was never answered is an error, not a silence. */
  giveUp(): void {
    for (const enqueueNs of this.#backlog.splice(0)) this.#done(enqueueNs, monotonicNs(), NEVER_SENT);
    this.#client.abandon('no answer');
  }

  finish(): ArmLoad {
    this.#client.onDone = () => {};
    this.#client.onFree = () => {};
    return {
      arm: this.#name,
      sent: this.#sent,
      ok: this.#ok,
      errors: this.#errors,
      errorKinds: this.#errorKinds,
      response: encode(this.#response),
      responseError: encode(this.#responseError),
      wait: encode(this.#wait),
      connectionsOpened: this.#client.opened() - this.#openedBefore,
      backlogMax: this.#backlogMax,
      backlogAtEnd: this.#backlogAtEnd,
    };
  }

  /** The good answers that did not become due inside a window (sorted, apart from each other). */
  mask(windows: readonly TimeWindow[]): MaskedArm {
    const response = newHistogram();
    let kept = 0;
    for (let i = 0; i < this.#answers.length; i += 2) {
      const enqueueNs = this.#answers[i] as number;
      // After a stall those that were due in it are handed over one after the other, some of them long after its end.
      if (isInside(windows, this.#dueOf(enqueueNs))) continue;
      record(response, (this.#answers[i + 1] as number) - enqueueNs);
      kept++;
    }
    return { arm: this.#name, response: encode(response), dropped: this.#answers.length / 2 - kept };
  }

  #dueOf(enqueueNs: number): number {
    let [low, high] = [0, this.#requests.length / 2 - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#requests[2 * middle] as number) < enqueueNs) low = middle + 1;
      else high = middle;
    }
    return this.#requests[2 * low + 1] ?? enqueueNs;
  }

  #drainBacklog(): void {
    while (this.#backlog.length > 0 && this.#client.trySend(this.#backlog[0] as number)) {
      record(this.#wait, monotonicNs() - (this.#backlog.shift() as number));
      this.#sent++;
    }
  }

  #done(enqueueNs: number, doneNs: number, failure: string | undefined): void {
    const histogram: Histogram = failure === undefined ? this.#response : this.#responseError;
    record(histogram, doneNs - enqueueNs);
    if (failure === undefined) {
      this.#ok++;
      this.#answers.push(enqueueNs, doneNs);
      return;
    }
    this.#errors++;
    this.#errorKinds[failure] = (this.#errorKinds[failure] ?? 0) + 1;
  }
}

/** By bisection over windows that are sorted and do not overlap. */
function isInside(windows: readonly TimeWindow[], timeNs: number): boolean {
  let [low, high] = [0, windows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle] as TimeWindow)[1] < timeNs) low = middle + 1;
    else high = middle;
  }
  return low < windows.length && (windows[low] as TimeWindow)[0] <= timeNs;
}
