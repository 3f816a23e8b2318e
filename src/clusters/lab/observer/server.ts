/** Hubble's `observer.Observer` and gRPC's health service over the ring. */
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { reasonOf } from '../../../model/errors.ts';
import { matcherOf, type FlowFilters } from './filter.ts';
import { CLUSTER, type FlowContext } from './flow.ts';
import { Reading, type Wanted } from './follow.ts';
import type { Ring } from './ring.ts';

const VERSION = 'meshtax-lab';
/** The service, and what Hubble's own servers call it in their health service: the CLI asks for the second. */
const SERVICES = ['', 'observer.Observer', 'hubble.server.Observer'];
const SERVING = { status: 'SERVING' };
/** Flows of one turn: other followers and the reader get theirs in between. */
const TURN = 256;

export interface ObserverState {
  readonly ring: Ring;
  readonly context: FlowContext;
  readonly startedNs: bigint;
  /** What to call when there is something new; returns how to stop. */
  onEvent(listener: () => void): () => void;
  /** Flows a second, over the last second. */
  rate(): number;
  /** All that happened before the call is in the ring. @throws Error when whoever reads the events stands still. */
  settled(): Promise<void>;
}

interface Timestamp {
  readonly seconds: string;
  readonly nanos: number;
}

type FlowsRequest = FlowFilters & {
  readonly number: string;
  readonly first: boolean;
  readonly follow: boolean;
  readonly since: Timestamp | null;
  readonly until: Timestamp | null;
};

/** `protos`: the directory of clusters/hubble. */
export function observerServer(state: ObserverState, protos: string): grpc.Server {
  const files = ['observer/observer.proto', 'grpc/health/v1/health.proto'];
  const definition = protoLoader.loadSync(files, {
    includeDirs: [protos],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const loaded = grpc.loadPackageDefinition(definition) as unknown as {
    observer: { Observer: { service: grpc.ServiceDefinition } };
    grpc: { health: { v1: { Health: { service: grpc.ServiceDefinition } } } };
  };
  const server = new grpc.Server();
  server.addService(loaded.observer.Observer.service, {
    ServerStatus: unary(async () => (await state.settled(), statusOf(state))),
    GetNodes: unary(() => ({ nodes: nodesOf(state) })),
    GetNamespaces: unary(() => ({ namespaces: namespacesOf(state).map((namespace) => ({ cluster: CLUSTER, namespace })) })),
    GetFlows: (call: grpc.ServerWritableStream<FlowsRequest, unknown>) => getFlows(call, state),
  });
  server.addService(loaded.grpc.health.v1.Health.service, {
    Check: (call: grpc.ServerUnaryCall<{ service: string }, unknown>, answer: grpc.sendUnaryData<unknown>) =>
      isServed(call.request.service) ? answer(null, SERVING) : answer({ code: grpc.status.NOT_FOUND, details: 'unknown service' }),
    Watch: (call: grpc.ServerWritableStream<{ service: string }, unknown>) =>
      void call.write(isServed(call.request.service) ? SERVING : { status: 'SERVICE_UNKNOWN' }),
  });
  return server;
}

function isServed(service: string): boolean {
  return SERVICES.includes(service);
}

function unary(answerOf: () => object | Promise<object>) {
  return (call: grpc.ServerUnaryCall<unknown, unknown>, answer: grpc.sendUnaryData<unknown>) => {
    call.sendMetadata(versionMetadata());
    Promise.resolve()
      .then(answerOf)
      .then(
        (message) => answer(null, message),
        (error: unknown) => answer({ code: grpc.status.UNAVAILABLE, details: reasonOf(error) }),
      );
  };
}

function versionMetadata(): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set('hubble-server-version', VERSION);
  return metadata;
}

function statusOf(state: ObserverState): object {
  const { ring } = state;
  return {
    num_flows: String(ring.end - ring.oldest),
    max_flows: String(ring.capacity),
    seen_flows: String(ring.seen),
    uptime_ns: String(process.hrtime.bigint() - state.startedNs),
    num_connected_nodes: { value: nodeNames(state).length },
    num_unavailable_nodes: { value: 0 },
    version: VERSION,
    flows_rate: state.rate(),
  };
}

function nodesOf(state: ObserverState): object[] {
  const { ring } = state;
  return nodeNames(state).map((name) => ({
    name: `${CLUSTER}/${name}`,
    version: VERSION,
    state: 'NODE_CONNECTED',
    uptime_ns: String(process.hrtime.bigint() - state.startedNs),
    num_flows: String(ring.end - ring.oldest),
    max_flows: String(ring.capacity),
    seen_flows: String(ring.seen),
  }));
}

function nodeNames({ context }: ObserverState): string[] {
  return [...new Set([...context.nodes, ...context.names.endpoints.map(({ node }) => node)])];
}

function namespacesOf({ context }: ObserverState): string[] {
  return [...new Set(context.names.endpoints.map(({ namespace }) => namespace))].toSorted();
}

function getFlows(call: grpc.ServerWritableStream<FlowsRequest, unknown>, state: ObserverState): void {
  let reading: Reading;
  try {
    reading = new Reading(state.ring, state.context, wantedOf(call.request));
  } catch (error) {
    call.destroy(Object.assign(new Error((error as Error).message), { code: grpc.status.INVALID_ARGUMENT }));
    return;
  }
  call.sendMetadata(versionMetadata());
  let isBlocked = false;
  let isScheduled = false;
  const pump = () => {
    isScheduled = false;
    for (let turn = 0; turn < TURN && !isBlocked && !call.cancelled; turn++) {
      const message = reading.next();
      if (!message) {
        if (reading.isOver) finish();
        return;
      }
      // Until it has drained the ring keeps the rest, and what it cannot keep is told as lost.
      isBlocked = !call.write(message);
    }
    schedule();
  };
  const schedule = () => {
    if (isBlocked || isScheduled || call.cancelled) return;
    isScheduled = true;
    setImmediate(pump);
  };
  const stopListening = state.onEvent(schedule);
  const finish = () => {
    stopListening();
    clearInterval(deadline);
    call.end();
  };
  // A request that follows until some time ends then, even if nothing comes.
  const deadline = setInterval(schedule, 1000);
  call.on('drain', () => {
    isBlocked = false;
    schedule();
  });
  call.on('cancelled', () => {
    stopListening();
    clearInterval(deadline);
  });
  schedule();
}

function wantedOf(request: FlowsRequest): Wanted {
  const { number, first, follow, since, until } = request;
  if (first && follow) throw new Error('first and follow exclude each other');
  return {
    number: Number(number),
    first,
    follow,
    sinceNs: since === null ? undefined : nsOf(since),
    untilNs: until === null ? undefined : nsOf(until),
    matches: matcherOf(request),
  };
}

function nsOf({ seconds, nanos }: Timestamp): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}
