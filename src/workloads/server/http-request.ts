/** An incremental reader of HTTP/1.1 requests: where one ends and the next begins. Bodies are counted and forgotten. */

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 64 * 1024;

interface Head {
  readonly bytes: Buffer;
  readonly bodyBytes: number | 'chunked';
  readonly keepAlive: boolean;
}

export class RequestReader {
  readonly #onRequest: (keepAlive: boolean) => void;
  #pending: Buffer | undefined;
  #head: Head | undefined;
  #rest = 0;
  #phase: 'head' | 'body' | 'chunk-size' | 'chunk-data' | 'trailers' = 'head';

  constructor(onRequest: (keepAlive: boolean) => void) {
    this.#onRequest = onRequest;
  }

  /** Returns true when the bytes are no HTTP/1.x; the connection must then be closed. */
  feed(chunk: Buffer): boolean {
    let data = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = undefined;
    while (data.length > 0) {
      const used = this.#step(data);
      if (used < 0) return true;
      if (used === 0) {
        if (data.length > MAX_HEAD_BYTES) return true;
        this.#pending = Buffer.from(data);
        return false;
      }
      data = data.subarray(used);
    }
    return false;
  }

  /** Bytes used; 0 when more are needed, -1 when they are wrong. */
  #step(data: Buffer): number {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(data);
      case 'body':
      case 'chunk-data': {
        const used = Math.min(this.#rest, data.length);
        this.#rest -= used;
        if (this.#rest === 0) {
          if (this.#phase === 'body') this.#finish();
          else this.#phase = 'chunk-size';
        }
        return used;
      }
      case 'chunk-size': {
        const end = data.indexOf('\r\n');
        if (end < 0) return data.length > 1024 ? -1 : 0;
        const size = /^([0-9a-f]{1,8})(?:;|$)/i.exec(data.toString('latin1', 0, end))?.[1];
        if (size === undefined) return -1;
        this.#rest = Number.parseInt(size, 16) + 2;
        this.#phase = this.#rest === 2 ? 'trailers' : 'chunk-data';
        return end + 2;
      }
      case 'trailers': {
        const end = data.indexOf('\r\n');
        if (end === 0) this.#finish();
        return end < 0 ? 0 : end + 2;
      }
    }
  }

  #readHead(data: Buffer): number {
    // A client says the same again and again: its head need not be understood twice.
    const known = this.#head?.bytes;
    let end: number;
    if (known && data.length >= known.length && data.compare(known, 0, known.length, 0, known.length) === 0) end = known.length;
    else {
      const at = data.indexOf(HEAD_END);
      if (at < 0) return 0;
      end = at + 4;
      this.#head = parseHead(Buffer.from(data.subarray(0, end)));
      if (!this.#head) return -1;
    }
    const { bodyBytes } = this.#head as Head;
    if (bodyBytes === 'chunked') this.#phase = 'chunk-size';
    else if (bodyBytes === 0) this.#finish();
    else {
      this.#rest = bodyBytes;
      this.#phase = 'body';
    }
    return end;
  }

  #finish(): void {
    this.#phase = 'head';
    this.#onRequest((this.#head as Head).keepAlive);
  }
}

function parseHead(bytes: Buffer): Head | undefined {
  const text = bytes.toString('latin1').toLowerCase();
  const version = /^[a-z]+ \S+ http\/1\.([01])\r\n/.exec(text)?.[1];
  if (version === undefined) return undefined;
  const connection = /\r\nconnection: *([^\r]*)/.exec(text)?.[1] ?? '';
  const keepAlive = version === '1' ? !connection.includes('close') : connection.includes('keep-alive');
  if (/\r\ntransfer-encoding: *[^\r]*chunked/.test(text)) return { bytes, bodyBytes: 'chunked', keepAlive };
  const length = /\r\ncontent-length: *(\d{1,15})\r/.exec(text)?.[1];
  return { bytes, bodyBytes: Number(length ?? 0), keepAlive };
}
