/** Envoy's access log service: each finished request becomes a request flow and a response flow, as of Cilium's node proxy. */
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import type { HttpEvent } from './ring.ts';

const METHODS = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
const PROTOCOLS = ['', 'HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3'];

interface Span {
  readonly seconds?: string;
  readonly nanos?: number;
}

interface Address {
  readonly socket_address?: { readonly address?: string; readonly port_value?: number };
}

/** As the message loader gives it: what is zero is absent. */
interface Entry {
  readonly common_properties?: {
    readonly downstream_remote_address?: Address;
    readonly downstream_local_address?: Address;
    readonly upstream_remote_address?: Address;
    readonly start_time?: Span;
    readonly time_to_last_downstream_tx_byte?: Span;
  };
  readonly protocol_version?: number;
  readonly request?: {
    readonly request_method?: number;
    readonly scheme?: string;
    readonly authority?: string;
    readonly path?: string;
    readonly request_id?: string;
  };
  readonly response?: { readonly response_code?: { readonly value?: number } };
}

interface Message {
  readonly identifier?: { readonly log_name?: string };
  readonly http_logs?: { readonly log_entry?: readonly Entry[] };
}

/** `directory` holds accesslog.proto. */
export function accessLogServer(directory: string, onEvents: (events: readonly HttpEvent[]) => void): grpc.Server {
  const definition = protoLoader.loadSync('accesslog.proto', { includeDirs: [directory], keepCase: true, longs: String });
  const service = definition['envoy.service.accesslog.v3.AccessLogService'] as grpc.ServiceDefinition;
  const server = new grpc.Server();
  server.addService(service, {
    StreamAccessLogs: (call: grpc.ServerReadableStream<Message, object>, answer: grpc.sendUnaryData<object>) => {
      let side: 'client' | 'server' = 'client'; // said once, in the first message
      call.on('data', ({ identifier, http_logs: logs }: Message) => {
        if (identifier) side = identifier.log_name === 'server' ? 'server' : 'client';
        onEvents((logs?.log_entry ?? []).flatMap((entry) => eventsOf(entry, side)));
      });
      call.on('end', () => answer(null, {}));
      call.on('error', () => {}); // an Envoy that went away
    },
  });
  return server;
}

/** The client's proxy knows the server as its upstream, the server's as the address that was asked for. */
export function eventsOf(
  { common_properties: common = {}, protocol_version: version = 0, request = {}, response = {} }: Entry,
  side: 'client' | 'server',
): HttpEvent[] {
  const startNs = nsOf(common.start_time);
  const latencyNs = nsOf(common.time_to_last_downstream_tx_byte);
  const shared = {
    latencyNs,
    reporter: side,
    method: METHODS[request.request_method ?? 0] ?? '',
    url: `${request.scheme ?? 'http'}://${request.authority ?? ''}${request.path ?? ''}`,
    protocol: PROTOCOLS[version] ?? '',
    code: response.response_code?.value ?? 0,
    requestId: request.request_id ?? '',
    source: placeOf(common.downstream_remote_address),
    destination: placeOf(side === 'client' ? common.upstream_remote_address : common.downstream_local_address),
  };
  return [
    { ...shared, half: 'request', timeNs: startNs },
    { ...shared, half: 'response', timeNs: startNs + latencyNs },
  ];
}

function placeOf(address: Address | undefined): HttpEvent['source'] {
  return { address: address?.socket_address?.address ?? '', port: address?.socket_address?.port_value ?? 0 };
}

function nsOf(span: Span | undefined): bigint {
  return BigInt(span?.seconds ?? 0) * 1_000_000_000n + BigInt(span?.nanos ?? 0);
}
