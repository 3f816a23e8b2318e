/** Counts over flows, in memory that does not grow with them (but for the set of connections, which has a limit). */
import type { Histogram } from 'hdr-histogram-js';
import type { HubbleView } from '../../model/contracts/hubble.ts';
import { newHistogram, record } from '../../model/histogram.ts';
import type { Flow } from './client.ts';

const TYPE = { drop: 1, policyVerdict: 5, socket: 7 } as const;
const VERDICT = { forwarded: 1, dropped: 2, redirected: 5 } as const;
const FLOW = { l7: 2, socket: 3 } as const;
const RESPONSE = 2;
const EGRESS = 2;
const POST_FORWARD = 2;
/** flow.DropReason: no rule allows it, or one denies it. */
const DENIED: ReadonlySet<number> = new Set([133, 181]);
/** More distinct connections than this in one window, and they are not counted. */
export const MOST_CONNECTIONS = 200_000;

interface HttpAnswers {
  readonly latency: Histogram;
  answers: number;
}

export class Tally {
  readonly #view: HubbleView;
  readonly #connections = new Set<string>();
  readonly #deniedConnections = new Set<string>();
  readonly #egress: HttpAnswers = { latency: newHistogram(), answers: 0 };
  readonly #ingress: HttpAnswers = { latency: newHistogram(), answers: 0 };
  events = 0;
  /** Policy verdicts that denied, and drops for policy: real Hubble reports one denied packet as both. */
  deniedVerdicts = 0;
  deniedDrops = 0;
  /** For other reasons. */
  drops = 0;
  translations = 0;

  constructor(view: HubbleView) {
    this.#view = view;
  }

  add(flow: Flow): void {
    if (!this.#concerns(flow)) return;
    this.events++;
    const type = flow.event_type?.type;
    if (flow.Type === FLOW.socket) {
      if (flow.sock_xlate_point === POST_FORWARD) this.translations++;
    } else if (flow.Type === FLOW.l7) this.#addL7(flow);
    else if (flow.verdict === VERDICT.dropped) this.#addDropped(flow, type);
    else this.#addForwarded(flow);
  }

  /** Denied packets, each once. */
  get denied(): number {
    return Math.max(this.deniedVerdicts, this.deniedDrops);
  }

  /**
   * Distinct connections that the client began and nobody denied; undefined when there were too many to tell apart. What
   * the server's side denies has left the client's side as forwarded.
   */
  get connections(): number | undefined {
    if (Math.max(this.#connections.size, this.#deniedConnections.size) >= MOST_CONNECTIONS) return undefined;
    return this.#connections.difference(this.#deniedConnections).size;
  }

  #concerns({ source, destination }: Flow): boolean {
    return [source, destination].some((end) => {
      const name = `${end?.namespace ?? ''}/${end?.pod_name ?? ''}`;
      return this.#view.pods.some((prefix) => name.startsWith(prefix));
    });
  }

  #addDropped(flow: Flow, type: number | undefined): void {
    const reason = flow.drop_reason_desc ?? 0;
    if ((type === TYPE.policyVerdict || DENIED.has(reason)) && this.#deniedConnections.size < MOST_CONNECTIONS)
      this.#deniedConnections.add(connectionOf(flow));
    if (type === TYPE.policyVerdict) this.deniedVerdicts++;
    else if (DENIED.has(reason)) this.deniedDrops++;
    else this.drops++;
  }

  /** A connection begins with a SYN of the client's; it passes several points, and each is an event. */
  #addForwarded(flow: Flow): void {
    const { verdict, l4, source } = flow;
    const tcp = l4?.TCP;
    if (verdict !== VERDICT.forwarded && verdict !== VERDICT.redirected) return;
    if (!tcp?.flags?.['SYN'] || tcp.flags['ACK'] || this.#connections.size >= MOST_CONNECTIONS) return;
    if (!`${source?.namespace ?? ''}/${source?.pod_name ?? ''}`.startsWith(this.#view.client)) return;
    this.#connections.add(connectionOf(flow));
  }

  /** As the proxy nearest to the client recorded it: where both sides have one, each request is told twice. */
  get http(): Readonly<HttpAnswers> {
    return this.#egress.answers > 0 ? this.#egress : this.#ingress;
  }

  #addL7({ l7, traffic_direction: direction }: Flow): void {
    if (l7?.type !== RESPONSE || !l7.http) return;
    const side = direction === EGRESS ? this.#egress : this.#ingress;
    side.answers++;
    // 0 is "not joined with its request", not a latency.
    if (l7.latency_ns) record(side.latency, l7.latency_ns);
  }
}

function connectionOf({ IP, l4 }: Flow): string {
  return `${IP?.source}:${l4?.TCP?.source_port} ${IP?.destination}:${l4?.TCP?.destination_port}`;
}
