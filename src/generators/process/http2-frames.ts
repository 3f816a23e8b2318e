/** HTTP/2 frames (RFC 9113): writing them, and cutting a stream of bytes into them. */

export const FRAME = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
export const SETTING = { headerTableSize: 1, enablePush: 2, maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5 } as const;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const HEAD_BYTES = 9;
/** What a peer may send that was not allowed more (RFC 9113 4.2). */
export const MAX_FRAME_BYTES = 16_384;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(FRAME.settings, 0, 0, payload);
}

export function windowUpdate(stream: number, credit: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(credit);
  return frame(FRAME.windowUpdate, 0, stream, payload);
}

/** `payload` is only valid during the call. */
export type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

export class FrameReader {
  readonly #onFrame: OnFrame;
  #pending: Buffer | undefined;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  feed(chunk: Buffer): void {
    const data = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = undefined;
    let at = 0;
    while (data.length - at >= HEAD_BYTES) {
      const length = data.readUIntBE(at, 3);
      if (length > MAX_FRAME_BYTES) throw new Error('a frame is too long');
      const end = at + HEAD_BYTES + length;
      if (end > data.length) break;
      this.#onFrame(
        data[at + 3] as number,
        data[at + 4] as number,
        data.readUInt32BE(at + 5) & 0x7fffffff,
        data.subarray(at + HEAD_BYTES, end),
      );
      at = end;
    }
    if (at < data.length) this.#pending = Buffer.from(data.subarray(at)); // the caller uses its buffer again
  }
}

/** Without padding and priority. */
export function contentOf(flags: number, payload: Buffer, isHeaders: boolean): Buffer {
  const padding = flags & FLAG.padded ? (payload[0] ?? 0) : 0;
  const from = (flags & FLAG.padded ? 1 : 0) + (isHeaders && flags & FLAG.priority ? 5 : 0);
  return payload.subarray(from, payload.length - padding);
}
