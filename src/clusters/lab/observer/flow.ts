/** Events as Hubble flows: names, verdicts and directions as pkg/hubble/parser of cilium/cilium gives them. */
import { EVENT_TYPE, type Notification } from './records.ts';
import type { EndpointName, Names } from './names.ts';
import type { HttpEvent, Observed } from './ring.ts';

export const CLUSTER = 'lab';
const IDENTITY_WORLD = 2;
const TO_ENDPOINT_POINT = 101; // Hubble's own number; Cilium's is 0, which protobuf cannot tell from "none"
const TCP = 6;
const UDP = 17;
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;
const SOCKET_POST = [2, 4];

/** As the message loader takes it: enums as names or numbers, absent fields absent. */
export interface FlowMessage {
  readonly time: Timestamp;
  readonly uuid: string;
  readonly node_name: string;
  readonly Type: 'L3_L4' | 'L7' | 'SOCK';
  readonly verdict: 'FORWARDED' | 'DROPPED' | 'TRACED' | 'TRANSLATED';
  readonly drop_reason?: number;
  readonly drop_reason_desc?: number;
  readonly ethernet?: { readonly source: string; readonly destination: string };
  readonly IP: { readonly source: string; readonly destination: string; readonly ipVersion: 'IPv4' };
  readonly l4: {
    readonly TCP?: Ports & { readonly flags?: Readonly<Record<string, boolean>> };
    readonly UDP?: Ports;
    readonly ICMPv4?: object;
  };
  readonly source: EndpointMessage;
  readonly destination: EndpointMessage;
  readonly destination_service?: { readonly name: string; readonly namespace: string };
  readonly event_type: { readonly type: number; readonly sub_type: number };
  readonly traffic_direction?: 'INGRESS' | 'EGRESS';
  readonly policy_match_type?: number;
  readonly trace_observation_point?: number;
  readonly interface?: { readonly index: number };
  readonly is_reply?: { readonly value: boolean };
  readonly sock_xlate_point?: number;
  readonly socket_cookie?: string;
  readonly cgroup_id?: string;
  readonly l7?: {
    readonly type: 'REQUEST' | 'RESPONSE';
    readonly latency_ns: string;
    readonly http: {
      readonly code: number;
      readonly method: string;
      readonly url: string;
      readonly protocol: string;
      readonly headers: readonly object[];
    };
  };
  readonly Summary: string;
}

interface Ports {
  readonly source_port?: number;
  readonly destination_port: number;
}

export interface EndpointMessage {
  readonly ID?: number;
  readonly identity: number;
  readonly cluster_name?: string;
  readonly namespace?: string;
  readonly labels: readonly string[];
  readonly pod_name?: string;
  readonly workloads?: readonly { readonly name: string; readonly kind: string }[];
}

export interface Timestamp {
  readonly seconds: string;
  readonly nanos: number;
}

export function timestamp(unixNs: bigint): Timestamp {
  return { seconds: String(unixNs / 1_000_000_000n), nanos: Number(unixNs % 1_000_000_000n) };
}

export interface FlowContext {
  readonly names: Names;
  /** The node of each of the reader's maps. */
  readonly nodes: readonly string[];
  /** What CLOCK_MONOTONIC lacks to Unix time. */
  readonly bootNs: bigint;
  /** Makes uuids of one observer its own: 16 hex digits. */
  readonly session: string;
}

export interface PlacedFlow {
  readonly flow: FlowMessage;
  readonly node: string;
}

export function flowOf(event: Exclude<Observed, { kind: 'lost' }>, position: number, context: FlowContext): PlacedFlow {
  const uuid = uuidOf(context.session, position);
  if (event.kind === 'http') return httpFlow(event.http, uuid, context);
  const { notification } = event;
  const node = `${CLUSTER}/${context.nodes[notification.map] ?? 'unknown'}`;
  const common = { time: timestamp(notification.timeNs + context.bootNs), uuid, node_name: node };
  const specific =
    notification.type === EVENT_TYPE.socket ? socketFlow(notification, context.names) : packetFlow(notification, context.names);
  return { flow: { ...common, ...specific }, node };
}

function packetFlow(notification: Notification, names: Names): Omit<FlowMessage, 'time' | 'uuid' | 'node_name'> {
  const { type, subType, state, direction, reason, ethernet, source, destination, match, ifindex } = notification;
  const isReply = state === 'reply';
  const isTrace = type === EVENT_TYPE.trace;
  const seen = isTrace ? isTrackedPoint(subType) : reason === 0;
  return {
    Type: 'L3_L4',
    verdict: reason === 0 ? 'FORWARDED' : 'DROPPED',
    ...(reason === 0 ? {} : { drop_reason: reason, drop_reason_desc: reason }),
    ...(ethernet ? { ethernet } : {}),
    IP: { source, destination, ipVersion: 'IPv4' },
    l4: layer4(notification),
    source: endpoint(names.ofAddress(source), notification.sourceIdentity),
    destination: endpoint(names.ofAddress(destination), notification.destinationIdentity),
    event_type: { type, sub_type: type === EVENT_TYPE.policyVerdict ? 0 : subType },
    // A reply leaves the pod on a connection that came in.
    traffic_direction: (direction === 'egress') === isReply ? 'INGRESS' : 'EGRESS',
    ...(type === EVENT_TYPE.policyVerdict ? { policy_match_type: match } : {}),
    ...(isTrace ? { trace_observation_point: subType === 0 ? TO_ENDPOINT_POINT : subType, interface: { index: ifindex } } : {}),
    ...(seen ? { is_reply: { value: isReply } } : {}),
    Summary: summaryOf(notification),
  };
}

/** FROM points lie before conntrack: whether it is a reply is not known there. */
function isTrackedPoint(point: number): boolean {
  return point < 5 || point > 10;
}

function socketFlow(
  { subType, cgroupId, cookie, destination, destinationPort, protocol }: Notification,
  names: Names,
): Omit<FlowMessage, 'time' | 'uuid' | 'node_name'> {
  const owner = names.ofCgroup(cgroupId);
  const service = names.ofService(destination, destinationPort);
  const ports = { destination_port: destinationPort };
  return {
    Type: 'SOCK',
    verdict: SOCKET_POST.includes(subType) ? 'TRANSLATED' : 'TRACED',
    IP: { source: owner?.address ?? '', destination, ipVersion: 'IPv4' },
    l4: protocol === UDP ? { UDP: ports } : { TCP: ports },
    source: endpoint(owner, owner?.identity ?? 0),
    destination: endpoint(names.ofAddress(destination), names.ofAddress(destination)?.identity ?? 0),
    ...(service ? { destination_service: { name: service.name, namespace: service.namespace } } : {}),
    event_type: { type: EVENT_TYPE.socket, sub_type: subType },
    sock_xlate_point: subType,
    socket_cookie: String(cookie),
    cgroup_id: String(cgroupId),
    Summary: protocol === UDP ? 'UDP' : 'TCP',
  };
}

function httpFlow(event: HttpEvent, uuid: string, { names }: FlowContext): PlacedFlow {
  const { half, method, url, protocol, code, requestId, latencyNs } = event;
  const isReply = half === 'response';
  const [from, to] = isReply ? [event.destination, event.source] : [event.source, event.destination];
  const here = names.ofAddress(event.reporter === 'client' ? event.source.address : event.destination.address);
  const node = `${CLUSTER}/${here?.node ?? 'unknown'}`;
  const version = protocol === '' ? 'HTTP/1.1' : protocol;
  const flow: FlowMessage = {
    time: timestamp(event.timeNs),
    uuid,
    node_name: node,
    Type: 'L7',
    verdict: 'FORWARDED',
    IP: { source: from.address, destination: to.address, ipVersion: 'IPv4' },
    l4: { TCP: { source_port: from.port, destination_port: to.port } },
    source: endpoint(names.ofAddress(from.address), 0),
    destination: endpoint(names.ofAddress(to.address), 0),
    event_type: { type: EVENT_TYPE.accessLog, sub_type: 0 },
    traffic_direction: event.reporter === 'client' ? 'EGRESS' : 'INGRESS',
    is_reply: { value: isReply },
    l7: {
      type: isReply ? 'RESPONSE' : 'REQUEST',
      latency_ns: isReply ? String(latencyNs) : '0',
      http: { code: isReply ? code : 0, method, url, protocol: version, headers: [{ key: 'X-Request-Id', value: requestId }] },
    },
    Summary: isReply ? `${version} ${code} ${Number(latencyNs / 1_000_000n)}ms (${method} ${url})` : `${version} ${method} ${url}`,
  };
  return { flow, node };
}

function endpoint(name: EndpointName | undefined, identity: number): EndpointMessage {
  if (!name) return { identity: identity === 0 ? IDENTITY_WORLD : identity, labels: ['reserved:world'] };
  const { id, namespace, pod, labels } = name;
  return {
    ID: id,
    identity: name.identity,
    cluster_name: CLUSTER,
    namespace,
    labels,
    pod_name: pod,
    workloads: [{ name: pod, kind: 'Pod' }],
  };
}

function layer4({ protocol, sourcePort, destinationPort, tcpFlags }: Notification): FlowMessage['l4'] {
  const ports = { source_port: sourcePort, destination_port: destinationPort };
  if (protocol === TCP) return { TCP: { ...ports, flags: flagsOf(tcpFlags) } };
  return protocol === UDP ? { UDP: ports } : { ICMPv4: {} };
}

function flagsOf(bits: number): Record<string, boolean> {
  return Object.fromEntries(FLAGS.filter((_, bit) => bits & (1 << bit)).map((flag) => [flag, true]));
}

function summaryOf({ protocol, tcpFlags }: Notification): string {
  if (protocol === TCP) return `TCP Flags: ${Object.keys(flagsOf(tcpFlags)).toSorted(bySummaryOrder).join(', ')}`;
  return protocol === UDP ? 'UDP' : 'ICMPv4';
}

/** SYN before ACK, ACK before what it goes with, as Hubble prints them. */
const SUMMARY_ORDER = ['SYN', 'ACK', 'RST', 'FIN', 'PSH', 'URG', 'ECE', 'CWR'];
function bySummaryOrder(a: string, b: string): number {
  return SUMMARY_ORDER.indexOf(a) - SUMMARY_ORDER.indexOf(b);
}

/** Shaped as a version 8 uuid (RFC 9562): the session, then the position. */
function uuidOf(session: string, position: number): string {
  const low = position.toString(16).padStart(15, '0');
  return `${session.slice(0, 8)}-${session.slice(8, 12)}-8${session.slice(12, 15)}-a${low.slice(0, 3)}-${low.slice(3)}`;
}
