/**
 * What a gRPC client must know of a block of response headers: `:status` and `grpc-status`. The dynamic table is
 * switched off (SETTINGS_HEADER_TABLE_SIZE 0), so every block stands for itself (HPACK, RFC 7541).
 */

export interface ResponseHeaders {
  readonly status: number | undefined;
  readonly grpcStatus: string | undefined;
}

/** Static table, entries 8 to 14. */
const STATUS_INDEX = 8;
const STATUSES = [200, 204, 206, 304, 400, 404, 500];

/** @throws Error when the bytes are no header block. */
export function decodeHeaders(block: Uint8Array): ResponseHeaders {
  const reader = new Reader(block);
  let status: number | undefined;
  let grpcStatus: string | undefined;
  while (!reader.ended()) {
    const first = reader.peek();
    if (first & 0x80) {
      status = STATUSES[reader.integer(7) - STATUS_INDEX] ?? status;
    } else if ((first & 0xe0) === 0x20) {
      reader.integer(5); // size of the dynamic table
    } else {
      const index = reader.integer(first & 0x40 ? 6 : 4);
      const name = index === 0 ? reader.string() : '';
      const value = reader.string();
      if (index >= STATUS_INDEX && index < STATUS_INDEX + STATUSES.length) status = Number(value);
      if (name === ':status') status = Number(value);
      if (name === 'grpc-status') grpcStatus = value;
    }
  }
  return { status, grpcStatus };
}

/** A literal without indexing; `name` is an index of the static table or a new name. Lengths below 127 only. */
export function literal(name: number | string, value: string): number[] {
  const text = (part: string) => {
    if (part.length > 126) throw new Error(`a header of ${part.length} bytes is too long here`);
    return [part.length, ...Buffer.from(part, 'latin1')];
  };
  if (typeof name === 'string') return [0, ...text(name), ...text(value)];
  return [...(name < 15 ? [name] : [15, name - 15]), ...text(value)];
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.#at] ?? 0;
  }

  #next(): number {
    if (this.ended()) throw new Error('a header block ends early');
    return this.#bytes[this.#at++] as number;
  }

  /** With a prefix of so many bits (RFC 7541, 5.1). */
  integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#next() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#next();
      value += (byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    throw new Error('a header block holds an endless number');
  }

  string(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    if (this.#at + length > this.#bytes.length) throw new Error('a header block ends early');
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return isHuffman ? huffmanDecode(bytes) : Buffer.from(bytes).toString('latin1');
  }
}

/**
 * Length of each symbol's code less one, in base 32 (RFC 7541, appendix B; the last is the end of the string). The code
 * is canonical: ordered by length, then by symbol.
 */
const LENGTHS =
  'cmrrrrrrrntrrtrrrrrrrrtrrrrrrrrr599bc57a997a7555444555555567e5b9c56666666666666666666666767cicd5e45454555466555456544566666eadcr' +
  'jljjlllmlmmmmmnmnnlmnmmmmklmlmmnlkjllmmkmllnklmmkklkmlmmjlllmllmppjilmlopppqqpnoikpqqpqnkkpprqqqjnjklkkmlloonnpmpqppqqqqqrqqqqqpt';

/** `<length>:<code>` to symbol. */
const symbols = new Map<number, number>();
{
  const lengths = LENGTHS.split('').map((digit) => Number.parseInt(digit, 32) + 1);
  const order = [...lengths.keys()].sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  let code = -1;
  let length = lengths[order[0] as number] as number;
  for (const symbol of order) {
    const own = lengths[symbol] as number;
    code = (code + 1) * 2 ** (own - length);
    length = own;
    symbols.set(keyOf(own, code), symbol);
  }
}

function keyOf(length: number, code: number): number {
  return length * 2 ** 32 + code;
}

export function huffmanDecode(bytes: Uint8Array): string {
  let text = '';
  let [code, length] = [0, 0];
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      const symbol = symbols.get(keyOf(length, code));
      if (symbol === undefined) {
        if (length > 30) throw new Error('a header holds no Huffman code');
        continue;
      }
      text += String.fromCharCode(symbol);
      [code, length] = [0, 0];
    }
  }
  return text; // what is left are at most 7 bits of padding
}
