/** What clusters/lab/programs/flow-reader.c writes: fixed records of struct notification (clusters/lab/bpf/types.h). Change both together. */
export const RECORD_BYTES = 88;
const NOTIFICATION_AT = 8;
const ETHERNET_AT = NOTIFICATION_AT + 64;

export const KIND = { ready: 0, event: 1, lost: 2 } as const;

/** Cilium's message types, as Hubble's event_type.type shows them. */
export const EVENT_TYPE = { drop: 1, trace: 4, policyVerdict: 5, socket: 7, accessLog: 129 } as const;

export type CtState = 'new' | 'established' | 'reply';
const CT_STATES: readonly CtState[] = ['new', 'established', 'reply'];

/** One perf event. */
export interface Notification {
  /** Which of the reader's maps. */
  readonly map: number;
  /** CLOCK_MONOTONIC. */
  readonly timeNs: bigint;
  readonly cookie: bigint;
  readonly cgroupId: bigint;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly tcpFlags: number;
  readonly type: number;
  readonly subType: number;
  readonly direction: 'egress' | 'ingress';
  readonly state: CtState;
  readonly match: number;
  readonly sourceIdentity: number;
  readonly destinationIdentity: number;
  readonly ifindex: number;
  readonly reason: number;
  /** Undefined where no packet was captured. */
  readonly ethernet: { readonly source: string; readonly destination: string } | undefined;
}

export function kindOf(bytes: Buffer, at: number): number {
  return bytes.readUInt8(at);
}

export function lostIn(bytes: Buffer, at: number): { readonly cpu: number; readonly count: number } {
  return { cpu: bytes.readUInt16LE(at + 2), count: bytes.readUInt32LE(at + 4) };
}

export function timeNsOf(bytes: Buffer, at: number): bigint {
  return bytes.readBigUInt64LE(at + NOTIFICATION_AT);
}

export function notificationAt(bytes: Buffer, at: number): Notification {
  const n = at + NOTIFICATION_AT;
  const ethernet = at + ETHERNET_AT;
  const captured = bytes.subarray(ethernet, ethernet + 12).some((byte) => byte !== 0);
  return {
    map: bytes.readUInt8(at + 1),
    timeNs: timeNsOf(bytes, at),
    cookie: bytes.readBigUInt64LE(n + 8),
    cgroupId: bytes.readBigUInt64LE(n + 16),
    source: ipv4(bytes, n + 24),
    destination: ipv4(bytes, n + 28),
    sourcePort: bytes.readUInt16BE(n + 32), // as in the packet
    destinationPort: bytes.readUInt16BE(n + 34),
    protocol: bytes.readUInt8(n + 36),
    tcpFlags: bytes.readUInt8(n + 37),
    type: bytes.readUInt8(n + 38),
    subType: bytes.readUInt8(n + 39),
    direction: bytes.readUInt8(n + 40) === 0 ? 'egress' : 'ingress',
    state: CT_STATES[bytes.readUInt8(n + 41)] ?? 'established',
    match: bytes.readUInt16LE(n + 42),
    sourceIdentity: bytes.readUInt32LE(n + 44),
    destinationIdentity: bytes.readUInt32LE(n + 48),
    ifindex: bytes.readUInt32LE(n + 56),
    reason: bytes.readUInt32LE(n + 60),
    ethernet: captured ? { destination: mac(bytes, ethernet), source: mac(bytes, ethernet + 6) } : undefined,
  };
}

function ipv4(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

function mac(bytes: Buffer, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
