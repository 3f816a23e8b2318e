/** Hubble's observer API: the status of the server, and its flows as they come. */
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import type { HubbleView } from '../../model/contracts/hubble.ts';

/** A flow as the wire has it: what is zero is absent, enums are numbers, unknown ones too. */
export interface Flow {
  readonly time?: Timestamp;
  readonly uuid?: string;
  readonly verdict?: number;
  readonly drop_reason_desc?: number;
  readonly IP?: { readonly source?: string; readonly destination?: string };
  readonly l4?: { readonly TCP?: Ports & { readonly flags?: Readonly<Record<string, boolean>> }; readonly UDP?: Ports };
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
  readonly Type?: number;
  readonly event_type?: { readonly type?: number; readonly sub_type?: number };
  readonly traffic_direction?: number;
  readonly is_reply?: { readonly value?: boolean };
  readonly sock_xlate_point?: number;
  readonly l7?: { readonly type?: number; readonly latency_ns?: number; readonly http?: { readonly code?: number } };
}

interface Ports {
  readonly source_port?: number;
  readonly destination_port?: number;
}

interface Endpoint {
  readonly namespace?: string;
  readonly pod_name?: string;
}

interface Timestamp {
  readonly seconds?: number;
  readonly nanos?: number;
}

export interface FlowsResponse {
  readonly flow?: Flow;
  readonly lost_events?: { readonly source?: number; readonly num_events_lost?: number };
  readonly node_status?: { readonly state_change?: number; readonly node_names?: readonly string[]; readonly message?: string };
}

export interface ServerStatus {
  readonly maxFlows: number;
  readonly seenFlows: number;
  readonly flowsPerSecond: number;
  readonly unavailableNodes: readonly string[];
  readonly version: string;
}

interface WireStatus {
  readonly max_flows?: number;
  readonly seen_flows?: number;
  readonly flows_rate?: number;
  readonly unavailable_nodes?: readonly string[];
  readonly version?: string;
}

interface Stub extends grpc.Client {
  ServerStatus(request: object, options: grpc.CallOptions, answer: (error: Error | null, status?: WireStatus) => void): void;
  GetFlows(request: object): grpc.ClientReadableStream<FlowsResponse>;
}

const CALL_TIMEOUT_MS = 5000;
/** Flows are small; a larger message is no flow. */
const MOST_MESSAGE_BYTES = 1024 * 1024;

export interface ObserverClient {
  status(): Promise<ServerStatus>;
  follow(request: object): grpc.ClientReadableStream<FlowsResponse>;
  close(): void;
}

let stub: grpc.ServiceClientConstructor | undefined;

/** The API's client, and the messages it takes and gives. `protos`: the directory of clusters/hubble. */
export function observerApi(protos: string): grpc.ServiceClientConstructor {
  if (stub) return stub;
  const definition = protoLoader.loadSync('observer/observer.proto', {
    includeDirs: [protos],
    keepCase: true,
    longs: Number,
    enums: Number,
  });
  const loaded = grpc.loadPackageDefinition(definition) as unknown as { observer: { Observer: grpc.ServiceClientConstructor } };
  return (stub = loaded.observer.Observer);
}

/** Nothing is sent before the first call. */
export function observerClient(view: HubbleView, protos: string): ObserverClient {
  const options: grpc.ClientOptions = {
    'grpc.max_receive_message_length': MOST_MESSAGE_BYTES,
    ...(view.tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': view.tls.serverName }),
  };
  const client = new (observerApi(protos))(view.address, credentialsOf(view), options) as unknown as Stub;
  return {
    status: () =>
      new Promise((resolve, reject) => {
        client.ServerStatus({}, { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, status) => {
          if (error || !status) reject(error ?? new Error('no status'));
          else resolve(statusOf(status));
        });
      }),
    follow: (request) => client.GetFlows(request),
    close: () => client.close(),
  };
}

function statusOf(wire: WireStatus): ServerStatus {
  return {
    maxFlows: wire.max_flows ?? 0,
    seenFlows: wire.seen_flows ?? 0,
    flowsPerSecond: wire.flows_rate ?? 0,
    unavailableNodes: wire.unavailable_nodes ?? [],
    version: wire.version ?? '',
  };
}

function credentialsOf({ tls }: HubbleView): grpc.ChannelCredentials {
  if (!tls) return grpc.credentials.createInsecure();
  const bytes = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return grpc.credentials.createSsl(bytes(tls.authority), bytes(tls.key), bytes(tls.certificate));
}
