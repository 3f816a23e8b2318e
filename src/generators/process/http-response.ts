/** An incremental reader of HTTP/1.1 responses: content-length and chunked bodies, one response at a time. */

export interface ResponseHead {
  readonly status: number;
  readonly keepAlive: boolean;
}

const MAX_HEAD_BYTES = 64 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');

type Phase = 'head' | 'body' | 'chunk-size' | 'chunk-data' | 'trailers';

export class ResponseReader {
  readonly #onResponse: (head: ResponseHead, bodyBytes: number) => void;
  #phase: Phase = 'head';
  #pending: Buffer | undefined;
  #head: ResponseHead = { status: 0, keepAlive: true };
  #rest = 0;
  #bodyBytes = 0;
  /** The last head that a plain length followed: most answers say the same again, and need not be understood twice. */
  #known: { readonly bytes: Buffer; readonly head: ResponseHead; readonly length: number } | undefined;

  constructor(onResponse: (head: ResponseHead, bodyBytes: number) => void) {
    this.#onResponse = onResponse;
  }

  /** Returns what is wrong with the bytes, or undefined. After an error the connection must be closed. */
  feed(chunk: Buffer): string | undefined {
    let data = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = undefined;
    while (data.length > 0) {
      const used = this.#step(data);
      if (typeof used === 'string') return used;
      if (used === 0) {
        if (data.length > MAX_HEAD_BYTES) return 'endless head';
        this.#pending = Buffer.from(data); // the caller uses its buffer again
        return undefined;
      }
      data = data.subarray(used);
    }
    return undefined;
  }

  /** Consumes a piece; returns the bytes used, 0 when more are needed, or what is wrong. */
  #step(data: Buffer): number | string {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(data);
      case 'body':
      case 'chunk-data':
        return this.#readBody(data);
      case 'chunk-size':
        return this.#readChunkSize(data);
      case 'trailers':
        return this.#readTrailers(data);
    }
  }

  #readHead(data: Buffer): number | string {
    const known = this.#known;
    if (known && data.length >= known.bytes.length && data.compare(known.bytes, 0, known.bytes.length, 0, known.bytes.length) === 0) {
      this.#head = known.head;
      this.#startBody(known.length);
      return known.bytes.length;
    }
    const end = data.indexOf(HEAD_END);
    if (end < 0) return 0;
    if (end > MAX_HEAD_BYTES) return 'endless head';
    const text = data.toString('latin1', 0, end + 2).toLowerCase();
    const match = /^http\/1\.([01]) (\d{3})[ \r]/.exec(text);
    if (!match) return 'not HTTP/1.x';
    const status = Number(match[2]);
    const connection = headerOf(text, 'connection');
    this.#head = { status, keepAlive: match[1] === '1' ? connection !== 'close' : connection === 'keep-alive' };
    this.#bodyBytes = 0;
    if (status >= 100 && status < 200) return end + 4; // informational: the real response follows
    if (headerOf(text, 'transfer-encoding')?.includes('chunked')) {
      this.#phase = 'chunk-size';
    } else if (status === 204 || status === 304) {
      this.#finish();
    } else {
      const length = headerOf(text, 'content-length');
      if (length === undefined || !/^\d{1,15}$/.test(length)) return 'no length';
      this.#known = { bytes: Buffer.from(data.subarray(0, end + 4)), head: this.#head, length: Number(length) };
      this.#startBody(Number(length));
    }
    return end + 4;
  }

  #startBody(length: number): void {
    this.#bodyBytes = 0;
    this.#rest = length;
    this.#phase = 'body';
    if (length === 0) this.#finish();
  }

  #readBody(data: Buffer): number {
    const used = Math.min(this.#rest, data.length);
    this.#rest -= used;
    this.#bodyBytes += used;
    if (this.#rest === 0) {
      if (this.#phase === 'body') this.#finish();
      else {
        this.#bodyBytes -= 2; // the chunk's closing CRLF
        this.#phase = 'chunk-size';
      }
    }
    return used;
  }

  #readChunkSize(data: Buffer): number | string {
    const end = data.indexOf('\r\n');
    if (end < 0) return data.length > 1024 ? 'bad chunk' : 0;
    const match = /^([0-9a-f]{1,8})(?:$|;)/i.exec(data.toString('latin1', 0, end));
    if (!match) return 'bad chunk';
    const size = Number.parseInt(match[1] as string, 16);
    this.#rest = size + 2;
    this.#phase = size === 0 ? 'trailers' : 'chunk-data';
    return end + 2;
  }

  #readTrailers(data: Buffer): number | string {
    const end = data.indexOf('\r\n');
    if (end < 0) return 0;
    if (end === 0) this.#finish();
    return end + 2;
  }

  #finish(): void {
    this.#phase = 'head';
    this.#onResponse(this.#head, this.#bodyBytes);
  }
}

function headerOf(head: string, name: string): string | undefined {
  const start = head.indexOf(`\r\n${name}:`);
  if (start < 0) return undefined;
  const from = start + name.length + 3;
  return head.slice(from, head.indexOf('\r\n', from)).trim();
}
