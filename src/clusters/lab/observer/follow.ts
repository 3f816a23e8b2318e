/** Reading the ring for one GetFlows request: where to begin, what to skip, what was overwritten before it was read. */
import type { FlowContext, FlowMessage, PlacedFlow } from './flow.ts';
import { CLUSTER, flowOf, timestamp, type Timestamp } from './flow.ts';
import type { Observed, Ring } from './ring.ts';

/** Of GetFlowsRequest; times in Unix ns. */
export interface Wanted {
  readonly number: number;
  readonly first: boolean;
  readonly follow: boolean;
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
  readonly matches: (flow: FlowMessage) => boolean;
}

export type FlowsMessage =
  | { readonly flow: FlowMessage; readonly node_name: string; readonly time: Timestamp }
  | { readonly lost_events: LostMessage; readonly node_name: string; readonly time: Timestamp };

interface LostMessage {
  readonly source: 'PERF_EVENT_RING_BUFFER' | 'OBSERVER_EVENTS_QUEUE' | 'HUBBLE_RING_BUFFER';
  readonly num_events_lost: string;
  readonly cpu?: { readonly value: number };
}

export class Reading {
  readonly #ring: Ring;
  readonly #context: FlowContext;
  readonly #wanted: Wanted;
  #position: number;
  #given = 0;

  constructor(ring: Ring, context: FlowContext, wanted: Wanted) {
    this.#ring = ring;
    this.#context = context;
    this.#wanted = wanted;
    this.#position = this.#start();
  }

  /** No more will ever come. */
  get isOver(): boolean {
    const { number, follow, first, untilNs } = this.#wanted;
    if (follow) return untilNs !== undefined && nowNs() > untilNs && this.#position >= this.#ring.end;
    return this.#position >= this.#ring.end || (first && number > 0 && this.#given >= number);
  }

  /** The next message, or undefined when all that there is was read. */
  next(): FlowsMessage | undefined {
    const { oldest } = this.#ring;
    if (this.#position < oldest) {
      const missed = oldest - this.#position;
      this.#position = oldest;
      return { lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: String(missed) }, ...here(this.#context, nowNs()) };
    }
    while (this.#position < this.#ring.end && !this.isOver) {
      const position = this.#position++;
      const event = this.#ring.at(position);
      if (event.kind === 'lost') return lostMessage(event, this.#context);
      const placed = flowOf(event, position, this.#context);
      if (!this.#isWanted(placed)) continue;
      this.#given++;
      return { flow: placed.flow, node_name: placed.node, time: placed.flow.time };
    }
    return undefined;
  }

  #start(): number {
    const { number, first, follow, sinceNs } = this.#wanted;
    const { oldest, end } = this.#ring;
    if (sinceNs !== undefined || first) return oldest;
    if (number === 0) return follow ? end : oldest;
    let found = 0;
    for (let position = end - 1; position >= oldest; position--) {
      const event = this.#ring.at(position);
      if (event.kind !== 'lost' && this.#isWanted(flowOf(event, position, this.#context)) && ++found === number) return position;
    }
    return oldest;
  }

  #isWanted({ flow }: PlacedFlow): boolean {
    const { sinceNs, untilNs, matches } = this.#wanted;
    const at = BigInt(flow.time.seconds) * 1_000_000_000n + BigInt(flow.time.nanos);
    return (sinceNs === undefined || at >= sinceNs) && (untilNs === undefined || at <= untilNs) && matches(flow);
  }
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function here(context: FlowContext, atNs: bigint) {
  return { node_name: `${CLUSTER}/${context.nodes[0] ?? ''}`, time: timestamp(atNs) };
}

function lostMessage(event: Extract<Observed, { kind: 'lost' }>, context: FlowContext): FlowsMessage {
  const source = event.source === 'perf' ? 'PERF_EVENT_RING_BUFFER' : 'OBSERVER_EVENTS_QUEUE';
  const cpu = event.cpu === undefined ? {} : { cpu: { value: event.cpu } };
  return { lost_events: { source, num_events_lost: String(event.count), ...cpu }, ...here(context, event.timeNs + context.bootNs) };
}
