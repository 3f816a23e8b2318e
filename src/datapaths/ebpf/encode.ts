/** Keys and values of the lab's eBPF maps as bytes: the other side of clusters/lab/bpf/types.h. */

export const TCP = 6;
export const DIRECTION = { egress: 0, ingress: 1 } as const;
const POLICY_FULL_MATCH_BITS = 32 * 2 + 8 * 2 + 16;

export type Bytes = readonly number[];

export function ipv4(address: string): Bytes {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255))
    throw new Error(`not an IPv4 address: ${address}`);
  return parts;
}

export function mac(address: string): Bytes {
  return address.split(':').map((part) => Number.parseInt(part, 16));
}

/** Host order, little-endian: what the program reads as an integer. */
export function u32(value: number): Bytes {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
}

export function u16(value: number): Bytes {
  return [value & 255, (value >>> 8) & 255];
}

/** Network order: as in the packet. */
export function port(value: number): Bytes {
  return [(value >>> 8) & 255, value & 255];
}

const pad = (count: number): Bytes => Array.from({ length: count }, () => 0);

export const ipcacheKey = (address: string): Bytes => [...u32(32), ...ipv4(address)];

export function policyKey(entry: { endpoint: number; identity: number; direction: keyof typeof DIRECTION; port: number }): Bytes {
  return [
    ...u32(POLICY_FULL_MATCH_BITS),
    ...u32(entry.endpoint),
    ...u32(entry.identity),
    DIRECTION[entry.direction],
    TCP,
    ...port(entry.port),
  ];
}

/** Counters at zero, not a deny entry. */
export const policyAllow: Bytes = pad(24);

export function endpointInfo(endpoint: { ifindex: number; id: number; identity: number; podMac: string; nodeMac: string }): Bytes {
  return [...u32(endpoint.ifindex), ...u32(endpoint.id), ...u32(endpoint.identity), ...mac(endpoint.podMac), ...mac(endpoint.nodeMac)];
}

/** Cilium's monitor aggregation levels (pkg/option/monitor.go). */
export const AGGREGATION = { none: 0, low: 2, medium: 3, maximum: 4 } as const;
export type Aggregation = keyof typeof AGGREGATION;

export function nodeConfig(config: { countRequests: boolean; emitEvents: boolean; aggregation: Aggregation }): Bytes {
  return [...u32(config.countRequests ? 1 : 0), ...u32(config.emitEvents ? 1 : 0), ...u32(AGGREGATION[config.aggregation]), ...pad(4)];
}

export function serviceKey(service: { address: string; port: number; slot: number }): Bytes {
  return [...ipv4(service.address), ...port(service.port), TCP, 0, ...u16(service.slot), ...pad(2)];
}

export function serviceEntry(entry: { backendId: number; count: number }): Bytes {
  return [...u32(entry.backendId), ...u16(entry.count), ...pad(2)];
}

export function backend(entry: { address: string; port: number }): Bytes {
  return [...ipv4(entry.address), ...port(entry.port), ...pad(2)];
}
