/**
 * Hubble's flow filters (pkg/hubble/filters of cilium/cilium): the values of a field are alternatives, the fields of a
 * filter must all match, and of several filters one. What this server cannot filter by matches nothing.
 */
import type { EndpointMessage, FlowMessage } from './flow.ts';

type Texts = readonly string[];

/** As the message loader gives it, with every field present. */
export interface FlowFilter {
  readonly source_ip: Texts;
  readonly destination_ip: Texts;
  readonly source_pod: Texts;
  readonly destination_pod: Texts;
  readonly source_label: Texts;
  readonly destination_label: Texts;
  readonly source_service: Texts;
  readonly destination_service: Texts;
  readonly source_fqdn: Texts;
  readonly destination_fqdn: Texts;
  readonly source_workload: readonly { readonly name: string; readonly kind: string }[];
  readonly destination_workload: readonly { readonly name: string; readonly kind: string }[];
  readonly source_identity: readonly number[];
  readonly destination_identity: readonly number[];
  readonly source_port: Texts;
  readonly destination_port: Texts;
  readonly verdict: Texts;
  readonly event_type: readonly { readonly type: number; readonly match_sub_type: boolean; readonly sub_type: number }[];
  readonly protocol: Texts;
  readonly reply: readonly boolean[];
  readonly traffic_direction: Texts;
  readonly tcp_flags: readonly Readonly<Record<string, boolean>>[];
  readonly http_status_code: Texts;
  readonly http_method: Texts;
  readonly http_path: Texts;
  readonly dns_query: Texts;
  readonly node_name: Texts;
  readonly ip_version: Texts;
  readonly trace_id: Texts;
  readonly uuid: Texts;
}

type Match = (flow: FlowMessage) => boolean;

export interface FlowFilters {
  readonly whitelist: readonly FlowFilter[];
  readonly blacklist: readonly FlowFilter[];
}

export function matcherOf({ whitelist, blacklist }: FlowFilters): Match {
  const allowed = whitelist.map(oneFilter);
  const denied = blacklist.map(oneFilter);
  return (flow) => (allowed.length === 0 || allowed.some((match) => match(flow))) && !denied.some((match) => match(flow));
}

function oneFilter(filter: FlowFilter): Match {
  const fields = Object.entries(filter).filter(([, values]) => Array.isArray(values) && values.length > 0);
  const matches = fields.map(([field]) => FIELDS[field as keyof FlowFilter](filter));
  return (flow) => matches.every((match) => match(flow));
}

function any<T>(values: readonly T[], test: (value: T, flow: FlowMessage) => boolean): Match {
  return (flow) => values.some((value) => test(value, flow));
}

const nothing: Match = () => false;

const FIELDS: { readonly [Field in keyof FlowFilter]: (filter: FlowFilter) => Match } = {
  source_ip: (f) => any(f.source_ip, (value, flow) => isInRange(flow.IP.source, value)),
  destination_ip: (f) => any(f.destination_ip, (value, flow) => isInRange(flow.IP.destination, value)),
  source_pod: (f) => any(f.source_pod, (value, flow) => isPod(flow.source, value)),
  destination_pod: (f) => any(f.destination_pod, (value, flow) => isPod(flow.destination, value)),
  source_label: (f) => any(f.source_label, (value, flow) => selects(value, flow.source.labels)),
  destination_label: (f) => any(f.destination_label, (value, flow) => selects(value, flow.destination.labels)),
  source_service: () => nothing,
  destination_service: (f) =>
    any(f.destination_service, (value, { destination_service: service }) => !!service && isNamed(service.namespace, service.name, value)),
  source_fqdn: () => nothing,
  destination_fqdn: () => nothing,
  source_workload: (f) => any(f.source_workload, (value, flow) => isWorkload(flow.source, value)),
  destination_workload: (f) => any(f.destination_workload, (value, flow) => isWorkload(flow.destination, value)),
  source_identity: (f) => any(f.source_identity, (value, flow) => flow.source.identity === value),
  destination_identity: (f) => any(f.destination_identity, (value, flow) => flow.destination.identity === value),
  source_port: (f) => any(f.source_port, (value, flow) => String(portsOf(flow)?.source_port) === value),
  destination_port: (f) => any(f.destination_port, (value, flow) => String(portsOf(flow)?.destination_port) === value),
  verdict: (f) => any(f.verdict, (value, flow) => flow.verdict === value),
  event_type: (f) =>
    any(
      f.event_type,
      (value, { event_type: event }) => event.type === value.type && (!value.match_sub_type || event.sub_type === value.sub_type),
    ),
  protocol: (f) => any(f.protocol, (value, flow) => protocolsOf(flow).includes(value.toLowerCase())),
  reply: (f) => any(f.reply, (value, flow) => flow.is_reply?.value === value),
  traffic_direction: (f) => any(f.traffic_direction, (value, flow) => flow.traffic_direction === value),
  tcp_flags: (f) => any(f.tcp_flags, (value, { l4 }) => !!l4.TCP && setFlags(value).every((flag) => l4.TCP?.flags?.[flag])),
  http_status_code: (f) => any(f.http_status_code, (value, flow) => isStatus(flow, value)),
  http_method: (f) => any(f.http_method, (value, { l7 }) => l7?.http.method.toUpperCase() === value.toUpperCase()),
  http_path: (f) => {
    const patterns = f.http_path.map(patternOf);
    return ({ l7 }) => l7 !== undefined && patterns.some((pattern) => pattern.test(pathOf(l7.http.url)));
  },
  dns_query: () => nothing,
  node_name: (f) => any(f.node_name, (value, flow) => isNode(flow.node_name, value)),
  ip_version: (f) => any(f.ip_version, (value, flow) => flow.IP.ipVersion === value),
  trace_id: () => nothing,
  uuid: (f) => any(f.uuid, (value, flow) => flow.uuid === value),
};

function portsOf({ l4 }: FlowMessage) {
  return l4.TCP ?? l4.UDP;
}

function protocolsOf({ l4, l7 }: FlowMessage): string[] {
  return [...Object.keys(l4).map((name) => name.toLowerCase()), ...(l7 ? ['http'] : [])];
}

function setFlags(flags: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(flags).filter((flag) => flags[flag]);
}

/** `namespace/prefix`, `namespace/` or `prefix` in the default namespace, as Hubble has it. */
function isPod({ namespace = '', pod_name: pod = '' }: EndpointMessage, wanted: string): boolean {
  return pod !== '' && isNamed(namespace, pod, wanted);
}

function isNamed(namespace: string, name: string, wanted: string): boolean {
  const slash = wanted.indexOf('/');
  const [ofNamespace, prefix] = slash < 0 ? ['default', wanted] : [wanted.slice(0, slash), wanted.slice(slash + 1)];
  return (ofNamespace === '' || namespace === ofNamespace) && name.startsWith(prefix);
}

function isWorkload({ workloads = [] }: EndpointMessage, wanted: { readonly name: string; readonly kind: string }): boolean {
  return workloads.some(({ name, kind }) => (wanted.name === '' || name === wanted.name) && (wanted.kind === '' || kind === wanted.kind));
}

/** A prefix with a plus ("4+"), or the whole code; of responses only. */
function isStatus({ l7 }: FlowMessage, wanted: string): boolean {
  if (l7?.type !== 'RESPONSE') return false;
  const code = String(l7.http.code);
  return wanted.endsWith('+') ? code.startsWith(wanted.slice(0, -1)) : code === wanted;
}

function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/, '');
}

/** @throws Error for what is no pattern; the caller answers INVALID_ARGUMENT. */
function patternOf(text: string): RegExp {
  return new RegExp(text);
}

/** `name`, `cluster/name`, `cluster/`, with `*` for anything. */
function isNode(node: string, wanted: string): boolean {
  const whole = wanted.includes('/') ? (wanted.endsWith('/') ? `${wanted}*` : wanted) : `*/${wanted}`;
  const pattern = whole.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${pattern.join('.*')}$`).test(node);
}

function isInRange(address: string, range: string): boolean {
  const [network = '', bits] = range.split('/');
  if (bits === undefined) return address === network;
  const [a, b] = [numberOf(address), numberOf(network)];
  const size = 2 ** (32 - Number(bits));
  return a !== undefined && b !== undefined && Math.floor(a / size) === Math.floor(b / size);
}

function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

const TERM = /^\s*(?:(!)\s*([^\s=!,()]+)|([^\s=!,()]+)\s*(?:(==|=|!=)\s*([^\s=!,()]*)|\s(in|notin)\s*\(([^)]*)\))?)\s*$/;

/** Kubernetes' label selectors; a label without a source prefix (`k8s:`) matches any. */
export function selects(selector: string, labels: readonly string[]): boolean {
  const values = new Map<string, string>();
  for (const label of labels) {
    const [key = '', value = ''] = label.split(/=(.*)/s);
    values.set(key, value);
    values.set(key.replace(/^[a-z0-9]+:/, ''), value);
  }
  return selector.split(/,(?![^(]*\))/).every((term) => {
    const [whole, not, absent, key, operator, value, setOperator, set] = TERM.exec(term) ?? [];
    if (whole === undefined) return false;
    if (not !== undefined) return !values.has(absent as string);
    const found = values.get(key as string);
    if (setOperator !== undefined) {
      const among = found !== undefined && (set ?? '').split(',').some((each) => each.trim() === found);
      return setOperator === 'in' ? among : !among;
    }
    if (operator === undefined) return found !== undefined;
    return operator === '!=' ? found !== value : found === value;
  });
}
