/** Follows flows until told to stop: reconnects with growing pauses, and fills what it missed from the server's ring. */
import grpc from '@grpc/grpc-js';
import type { Clock } from '../../model/ports.ts';
import { reasonOf } from '../../model/errors.ts';
import type { Flow, FlowsResponse, ObserverClient } from './client.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** Reconnecting for ever would hide that nothing works. */
const MOST_RECONNECTS = 50;
const OPENING_MS = 5000;
/** A server that tells more of one instant repeats itself without end. */
const MOST_AT_ONE_TIME = 50_000;
/** relay.NodeState NODE_CONNECTED; above it are unavailable, gone and error. */
const CONNECTED = 1;
/** What may be over the next time; anything else would only come again. */
const PASSING: ReadonlySet<grpc.status> = new Set([
  grpc.status.UNAVAILABLE,
  grpc.status.CANCELLED,
  grpc.status.UNKNOWN,
  grpc.status.ABORTED,
  grpc.status.DEADLINE_EXCEEDED,
]);

export class Following {
  readonly #client: ObserverClient;
  readonly #clock: Clock;
  readonly #onFlow: (flow: Flow) => void;
  #stream: ReturnType<ObserverClient['follow']> | undefined;
  #stopped = false;
  #pauseMs = FIRST_PAUSE_MS;
  /** Of the newest flow, and the flows of that very time: after a reconnect they come again. */
  #newest = { seconds: 0, nanos: 0 };
  #atNewest = new Set<string>();
  received = 0;
  lost = 0;
  reconnects = 0;
  failure: string | undefined;
  /** Nodes that the server lost sight of, if only for a while. */
  readonly unavailable = new Set<string>();

  constructor(client: ObserverClient, clock: Clock, onFlow: (flow: Flow) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#onFlow = onFlow;
  }

  /** Resolves when the server has taken the request. @throws when it does not. */
  async begin(): Promise<void> {
    const opened = this.#open({ follow: true });
    const late = this.#clock.sleep(OPENING_MS).then(() => Promise.reject(new Error(`no answer within ${OPENING_MS} ms`)));
    await Promise.race([opened, late]);
  }

  stop(): void {
    this.#stopped = true;
    this.#stream?.cancel();
  }

  #open(request: object): Promise<void> {
    const stream = this.#client.follow(request);
    this.#stream = stream;
    return new Promise((resolve, reject) => {
      stream.on('metadata', () => resolve());
      stream.on('data', (response: FlowsResponse) => {
        resolve();
        this.#pauseMs = FIRST_PAUSE_MS;
        this.#take(response);
      });
      stream.on('error', (error) => {
        reject(error);
        if (!this.#stopped && !PASSING.has((error as grpc.ServiceError).code)) this.failure ??= reasonOf(error);
        this.#ended(reasonOf(error));
      });
      stream.on('end', () => {
        reject(new Error('the server ended the stream'));
        this.#ended('the server ended the stream');
      });
    });
  }

  #ended(reason: string): void {
    if (this.#stopped || this.failure !== undefined) return;
    if (this.reconnects >= MOST_RECONNECTS) {
      this.failure = `${reason}, ${this.reconnects} times`;
      return;
    }
    this.reconnects++;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    void this.#clock.sleep(pauseMs).then(() => {
      if (this.#stopped) return;
      const since = this.#newest.seconds === 0 ? {} : { since: this.#newest };
      this.#open({ follow: true, ...since }).catch(() => {}); // it ends the same way again
    });
  }

  #take({ flow, lost_events: lost, node_status: status }: FlowsResponse): void {
    if (lost) this.lost += lost.num_events_lost ?? 1;
    if (status && (status.state_change ?? 0) > CONNECTED) for (const name of status.node_names ?? []) this.unavailable.add(name);
    if (!flow || this.#isKnown(flow)) return;
    this.received++;
    this.#onFlow(flow);
  }

  #isKnown({ time, uuid = '' }: Flow): boolean {
    const seconds = time?.seconds ?? 0;
    const nanos = time?.nanos ?? 0;
    if (seconds > this.#newest.seconds || (seconds === this.#newest.seconds && nanos > this.#newest.nanos)) {
      this.#newest = { seconds, nanos };
      this.#atNewest.clear();
    } else if (seconds !== this.#newest.seconds || nanos !== this.#newest.nanos) return false; // of another node, a little late
    else if (uuid !== '' && this.#atNewest.has(uuid)) return true;
    if (this.#atNewest.size >= MOST_AT_ONE_TIME) this.failure ??= `more than ${MOST_AT_ONE_TIME} flows of one instant`;
    else this.#atNewest.add(uuid);
    return false;
  }
}
