/** What an engine gives to an open load: a pool of connections to one arm that takes requests one at a time. */
import type { ArmTarget } from '../../model/contracts/generator.ts';
import type { Dial } from './dial.ts';

/**
 * `doneNs` is when the last bytes of the answer reached this process, before any parsing.
 * `failure` is undefined for a good answer, else a short word counted in the result.
 */
export type OnDone = (enqueueNs: number, doneNs: number, failure: string | undefined) => void;

export interface ArmClient {
  /** Sends now if a connection is free; otherwise false, and `onFree` is called when one becomes free. */
  trySend(enqueueNs: number): boolean;
  onDone: OnDone;
  onFree: () => void;
  /** Requests sent and not yet answered. */
  inFlight(): number;
  /** Give up on everything in flight: each is reported to onDone with this failure. */
  abandon(failure: string): void;
  /** Connections opened since the start, replacements included. */
  opened(): number;
  close(): void;
}

export interface Engine {
  open(target: ArmTarget, dial: Dial): Promise<ArmClient>;
}
