/** What tcpdump writes, counted as it comes: packets, and those of two pods that hold a marker of ours in clear text. Pure. */

/**
 * Of HTTP/1.1 in both directions, and the filling of every payload: 8 and 16 given bytes in a row are no ciphertext (the chance
 * is 2^-64 at each place).
 */
const MARKERS = ['HTTP/1.1', 'x'.repeat(16)].map((text) => Buffer.from(text));
const FILE_HEAD = 24;
const PACKET_HEAD = 16;
/** Length of what was captured, within a packet's head (pcap-savefile(5)); we run where we capture: little-endian. */
const CAPTURED_AT = 8;
/** pcap's magic for little-endian, in us and in ns. */
const MAGIC = [0xa1b2c3d4, 0xa1b23c4d];

export class PacketCount {
  #rest = Buffer.alloc(0);
  #begun = false;
  readonly #pods: readonly Buffer[];
  packets = 0;
  /** Of these two pods: others may speak HTTP between the same nodes. */
  readable = 0;

  constructor(pods: readonly [string, string]) {
    this.#pods = pods.map(bytesOf);
  }

  /** @throws Error when it is no such file. */
  push(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    let at = 0;
    if (!this.#begun) {
      if (this.#rest.length < FILE_HEAD) return;
      if (!MAGIC.includes(this.#rest.readUInt32LE(0))) throw new Error('tcpdump wrote something else than packets');
      this.#begun = true;
      at = FILE_HEAD;
    }
    while (this.#rest.length - at >= PACKET_HEAD) {
      const end = at + PACKET_HEAD + this.#rest.readUInt32LE(at + CAPTURED_AT);
      if (this.#rest.length < end) break;
      this.#count(this.#rest.subarray(at + PACKET_HEAD, end));
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
  }

  #count(packet: Buffer): void {
    this.packets++;
    const isOurs = this.#pods.every((address) => packet.includes(address));
    if (isOurs && MARKERS.some((marker) => packet.includes(marker))) this.readable++;
  }
}

/** As it stands in a packet. */
export function bytesOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const [head = '', tail] = address.split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

export interface WireEnds {
  /** Addresses of the two pods, and of their nodes. */
  readonly pods: readonly [string, string];
  readonly nodes: readonly [string, string];
}

/** Between the pods as they are, or wrapped in something between their nodes. Addresses are validated by whoever calls. */
export function filterOf({ pods, nodes }: WireEnds): string {
  const between = ([a, b]: readonly [string, string]) => `(host ${a} and host ${b})`;
  return `${between(pods)} or (${between(nodes)} and not tcp)`;
}

/** Of `ip -o route get`: the device by which the other node is reached. */
export function deviceOf(route: string): string | undefined {
  return / dev (\S+)/.exec(route)?.[1];
}
