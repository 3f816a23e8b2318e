/** One HTTP/2 session of the gRPC engine: streams, flow control, and what a server may say in between (RFC 9113). */
import type net from 'node:net';
import type { Dial } from './dial.ts';
import { decodeHeaders, type ResponseHeaders } from './hpack.ts';
import {
  contentOf,
  FLAG,
  FRAME,
  frame,
  FrameReader,
  HEAD_BYTES,
  MAX_FRAME_BYTES,
  PREFACE,
  SETTING,
  settingsFrame,
  windowUpdate,
} from './http2-frames.ts';
import { monotonicNs } from './monotonic.ts';

/** Of one session; what gRPC servers allow at least by convention. */
const MAX_STREAMS = 100;
const READY_TIMEOUT_MS = 5000;
/** What a server may send before we ask for more: of a stream, and of a session. */
const STREAM_WINDOW = 1 << 26;
const SESSION_WINDOW = 1 << 30;
const DEFAULT_WINDOW = 65_535;
/** Answers have a few headers of some bytes; Go's servers and clients allow a megabyte. */
const MOST_HEADER_BYTES = 1 << 20;
/** A server that asks (PING, SETTINGS) and never reads the answers. */
const MOST_UNREAD_BYTES = 1 << 20;
/** And one that asks without end, and answers nothing meanwhile; nghttp2 allows as many acknowledgements to wait. */
const MOST_QUESTIONS = 1000;

interface Stream {
  readonly enqueueNs: number;
  headers: ResponseHeaders;
  bytes: number;
  /** Of the request's message: what flow control has not let through, and what the server still takes. */
  unsent: number;
  window: number;
}

export interface SessionEvents {
  answered(enqueueNs: number, doneNs: number, headers: ResponseHeaders, bytes: number): void;
  failed(enqueueNs: number, reason: string): void;
  lost(): void;
}

const NO_HEADERS: ResponseHeaders = { status: undefined, grpcStatus: undefined };
/** Servers say the same again and again: short blocks that were read once need not be understood twice. */
const KNOWN_BLOCKS = 1000;
const KNOWN_BLOCK_BYTES = 1024;

export class GrpcSession {
  readonly #request: { readonly headers: Buffer; readonly message: Buffer };
  readonly #events: SessionEvents;
  readonly #streams = new Map<number, Stream>();
  readonly #known = new Map<string, ResponseHeaders>();
  readonly #reader = new FrameReader((type, flags, stream, payload) => this.#read(type, flags, stream, payload));
  #socket: net.Socket | undefined;
  #onReady: (() => void) | undefined;
  #nextId = 1;
  #window = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;
  #maxStreams = MAX_STREAMS;
  #received = 0;
  #receivedNs = 0;
  #goingAway = false;
  /** PING and SETTINGS since the last answer. */
  #questions = 0;
  /** A header block that goes on in CONTINUATION frames. */
  #partial: { readonly flags: number; readonly blocks: Buffer[]; bytes: number } | undefined;

  constructor(request: { readonly headers: Buffer; readonly message: Buffer }, events: SessionEvents) {
    this.#request = request;
    this.#events = events;
  }

  /** Resolves when the server's settings are there. */
  async open(dial: Dial): Promise<void> {
    const socket = await dial.connect((bytes) => this.#receive(bytes));
    this.#socket = socket;
    const ready = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no HTTP/2 settings came')), READY_TIMEOUT_MS);
      this.#onReady = () => (clearTimeout(timer), resolve());
      socket.once('close', () => (clearTimeout(timer), reject(new Error('the server closed the HTTP/2 session before its settings'))));
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#lose('connection closed'));
    const settings = settingsFrame([
      [SETTING.headerTableSize, 0],
      [SETTING.enablePush, 0],
      [SETTING.initialWindowSize, STREAM_WINDOW],
    ]);
    socket.write(Buffer.concat([PREFACE, settings, windowUpdate(0, SESSION_WINDOW - DEFAULT_WINDOW)]));
    await ready;
  }

  trySend(enqueueNs: number): boolean {
    if (this.#goingAway || this.#streams.size >= this.#maxStreams) return false;
    const { headers, message } = this.#request;
    const id = this.#nextId;
    this.#nextId += 2;
    const whole = message.length <= Math.min(this.#window, this.#streamWindow, MAX_FRAME_BYTES);
    const stream: Stream = { enqueueNs, headers: NO_HEADERS, bytes: 0, unsent: whole ? 0 : message.length, window: this.#streamWindow };
    this.#streams.set(id, stream);
    const head = frame(FRAME.headers, FLAG.endHeaders, id, headers);
    if (whole) {
      this.#window -= message.length;
      this.#socket?.write(Buffer.concat([head, frame(FRAME.data, FLAG.endStream, id, message)]));
    } else {
      this.#socket?.write(head);
      this.#pump(id, stream);
    }
    return true;
  }

  inFlight(): number {
    return this.#streams.size;
  }

  abandon(failure: string): void {
    for (const [id, stream] of [...this.#streams]) {
      this.#streams.delete(id);
      this.#socket?.write(frame(FRAME.rstStream, 0, id, Buffer.from([0, 0, 0, 8]))); // CANCEL
      this.#events.failed(stream.enqueueNs, failure);
    }
  }

  destroy(): void {
    this.#goingAway = true;
    this.#socket?.removeAllListeners('close');
    this.#socket?.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#receivedNs = monotonicNs(); // before parsing: that is our time, not the datapath's
    try {
      this.#reader.feed(bytes);
    } catch {
      this.#socket?.destroy();
    }
  }

  #read(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case FRAME.headers:
        return this.#readHeaders(id, flags, contentOf(flags, payload, true));
      case FRAME.continuation:
        return this.#readMoreHeaders(id, flags, payload);
      case FRAME.data:
        return this.#readData(id, flags, contentOf(flags, payload, false).length, payload.length);
      case FRAME.settings:
        return this.#readSettings(flags, payload);
      case FRAME.windowUpdate:
        return this.#readCredit(id, payload.readUInt32BE(0) & 0x7fffffff);
      case FRAME.ping:
        if (!(flags & FLAG.ack)) this.#reply(frame(FRAME.ping, FLAG.ack, 0, payload));
        return;
      case FRAME.rstStream:
        return this.#end(id, `reset ${payload.readUInt32BE(0)}`);
      case FRAME.goaway:
        this.#goingAway = true;
        if (this.#streams.size === 0) this.#socket?.destroy();
    }
  }

  /** Joined once, at its end: a block in thousands of pieces costs no more than in one. */
  #readMoreHeaders(id: number, flags: number, payload: Buffer): void {
    const partial = this.#partial;
    if (!partial) return;
    partial.blocks.push(Buffer.from(payload));
    partial.bytes += HEAD_BYTES + payload.length;
    if (partial.bytes > MOST_HEADER_BYTES) throw new Error('a header block without end');
    if (flags & FLAG.endHeaders) this.#readHeaders(id, partial.flags | flags, Buffer.concat(partial.blocks));
  }

  /** @throws Error when the server lets answers pile up, or only asks. */
  #reply(bytes: Buffer): void {
    if (++this.#questions > MOST_QUESTIONS) throw new Error('the server asks without end');
    this.#socket?.write(bytes);
    if ((this.#socket?.writableLength ?? 0) > MOST_UNREAD_BYTES) throw new Error('the server does not read');
  }

  #readHeaders(id: number, flags: number, block: Buffer): void {
    if (!(flags & FLAG.endHeaders)) {
      this.#partial = { flags, blocks: [Buffer.from(block)], bytes: block.length };
      return;
    }
    this.#partial = undefined;
    const stream = this.#streams.get(id);
    if (!stream) return;
    const { status, grpcStatus } = this.#meaningOf(block);
    stream.headers = { status: stream.headers.status ?? status, grpcStatus: grpcStatus ?? stream.headers.grpcStatus };
    if (flags & FLAG.endStream) this.#end(id, undefined);
  }

  #meaningOf(block: Buffer): ResponseHeaders {
    if (block.length > KNOWN_BLOCK_BYTES) return decodeHeaders(block);
    const key = block.toString('latin1');
    const known = this.#known.get(key);
    if (known) return known;
    const headers = decodeHeaders(block);
    if (this.#known.size >= KNOWN_BLOCKS) this.#known.clear();
    this.#known.set(key, headers);
    return headers;
  }

  #readData(id: number, flags: number, bytes: number, counted: number): void {
    this.#received += counted;
    if (this.#received > SESSION_WINDOW / 2) {
      this.#socket?.write(windowUpdate(0, this.#received));
      this.#received = 0;
    }
    const stream = this.#streams.get(id);
    if (!stream) return;
    stream.bytes += bytes;
    if (flags & FLAG.endStream) this.#end(id, undefined);
  }

  #readSettings(flags: number, payload: Buffer): void {
    if (flags & FLAG.ack) return;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
      if (id === SETTING.maxConcurrentStreams) this.#maxStreams = Math.min(MAX_STREAMS, value);
      if (id === SETTING.initialWindowSize) {
        for (const stream of this.#streams.values()) stream.window += value - this.#streamWindow;
        this.#streamWindow = value;
      }
    }
    this.#reply(frame(FRAME.settings, FLAG.ack, 0));
    this.#onReady?.();
  }

  #readCredit(id: number, credit: number): void {
    if (id === 0) {
      this.#window += credit;
      for (const [each, stream] of this.#streams) if (stream.unsent > 0) this.#pump(each, stream);
      return;
    }
    const stream = this.#streams.get(id);
    if (!stream) return;
    stream.window += credit;
    if (stream.unsent > 0) this.#pump(id, stream);
  }

  /** As much of a long message as the server takes now. */
  #pump(id: number, stream: Stream): void {
    const { message } = this.#request;
    while (stream.unsent > 0) {
      const length = Math.min(stream.unsent, stream.window, this.#window, MAX_FRAME_BYTES);
      if (length <= 0) return;
      const from = message.length - stream.unsent;
      stream.unsent -= length;
      stream.window -= length;
      this.#window -= length;
      this.#socket?.write(frame(FRAME.data, stream.unsent === 0 ? FLAG.endStream : 0, id, message.subarray(from, from + length)));
    }
  }

  #end(id: number, failure: string | undefined): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#streams.delete(id);
    if (failure === undefined) {
      this.#questions = 0;
      this.#events.answered(stream.enqueueNs, this.#receivedNs, stream.headers, stream.bytes);
    } else this.#events.failed(stream.enqueueNs, failure);
    if (this.#goingAway && this.#streams.size === 0) this.#socket?.destroy();
  }

  #lose(reason: string): void {
    this.#goingAway = true;
    const open = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of open) this.#events.failed(stream.enqueueNs, reason);
    this.#events.lost();
  }
}
