/** Unary gRPC on `node:http2`: a few sessions, streams spread over them in turn. */
import http2, { constants } from 'node:http2';
import type { ArmTarget } from '../../model/contracts/generator.ts';
import { ECHO_PATH, echoMessage } from '../../model/echo-message.ts';
import type { ArmClient, Engine, OnDone } from './arm-client.ts';
import type { Dial } from './dial.ts';
import { monotonicNs } from './monotonic.ts';

/** Of one session; what gRPC servers allow at least by convention. */
const MAX_STREAMS = 100;
const REDIAL_PAUSE_MS = 50;

export const grpcHttp2Engine: Engine = {
  async open(target, dial) {
    const pool = new Http2Pool(target, dial);
    await Promise.all(Array.from({ length: target.connections }, () => pool.addSession()));
    return pool;
  },
};

interface Session {
  readonly session: http2.ClientHttp2Session;
  streams: number;
}

class Http2Pool implements ArmClient {
  onDone: OnDone = () => {};
  onFree: () => void = () => {};
  readonly #dial: Dial;
  readonly #authority: string;
  readonly #message: Uint8Array;
  /** Names and values in turn: Node sends such a list as it is, at a fifth less CPU than an object. */
  readonly #headers: readonly string[];
  readonly #replyBytes: number;
  readonly #sessions: Session[] = [];
  readonly #streams = new Map<http2.ClientHttp2Stream, number>();
  #next = 0;
  #opened = 0;
  #closed = false;

  constructor(target: ArmTarget, dial: Dial) {
    this.#dial = dial;
    this.#authority = `${target.dial.host}:${target.dial.port}`;
    this.#message = echoMessage(target.requestBytes);
    this.#headers = [
      ':method',
      'POST',
      ':path',
      ECHO_PATH,
      ':scheme',
      'http',
      ':authority',
      this.#authority,
      'content-type',
      'application/grpc',
      'user-agent',
      'meshtax',
      'te',
      'trailers',
    ];
    this.#replyBytes = echoMessage(target.responseBytes).length;
  }

  async addSession(): Promise<void> {
    const socket = await this.#dial.connect();
    this.#opened++;
    const session = http2.connect(`http://${this.#authority}`, { createConnection: () => socket });
    const entry: Session = { session, streams: 0 };
    session.on('error', () => session.destroy());
    session.on('goaway', () => session.close());
    session.on('close', () => this.#lost(entry));
    await new Promise<void>((resolve, reject) => {
      session.once('remoteSettings', () => resolve());
      session.once('close', () => reject(new Error('the server closed the HTTP/2 session before its settings')));
    });
    this.#sessions.push(entry);
    this.onFree();
  }

  trySend(enqueueNs: number): boolean {
    for (let tried = 0; tried < this.#sessions.length; tried++) {
      const entry = this.#sessions[this.#next++ % this.#sessions.length] as Session;
      if (entry.streams < MAX_STREAMS && !entry.session.closed && !entry.session.destroyed) {
        this.#send(entry, enqueueNs);
        return true;
      }
    }
    return false;
  }

  inFlight(): number {
    return this.#streams.size;
  }

  opened(): number {
    return this.#opened;
  }

  abandon(failure: string): void {
    for (const [stream, enqueueNs] of [...this.#streams]) {
      this.#streams.delete(stream);
      stream.close(constants.NGHTTP2_CANCEL);
      this.onDone(enqueueNs, monotonicNs(), failure);
    }
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#sessions) entry.session.destroy();
    this.#dial.close();
  }

  #send(entry: Session, enqueueNs: number): void {
    const stream = entry.session.request(this.#headers);
    entry.streams++;
    this.#streams.set(stream, enqueueNs);
    let status: string | undefined;
    let httpStatus = 0;
    let bytes = 0;
    let doneNs = 0; // the status comes with the trailers; 'close' follows later
    stream.on('response', (headers) => {
      httpStatus = Number(headers[':status']);
      status = text(headers['grpc-status']); // a trailers-only answer
    });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('trailers', (trailers) => {
      doneNs = monotonicNs();
      status = text(trailers['grpc-status']);
    });
    stream.on('error', () => {}); // 'close' follows and reports it
    stream.on('close', () => {
      entry.streams--;
      if (!this.#streams.delete(stream)) return;
      this.onDone(enqueueNs, doneNs || monotonicNs(), failureOf(httpStatus, status, bytes, this.#replyBytes));
      this.onFree();
    });
    stream.end(this.#message);
  }

  #lost(entry: Session): void {
    const index = this.#sessions.indexOf(entry);
    if (index >= 0) this.#sessions.splice(index, 1);
    const redial = () => {
      if (!this.#closed) this.addSession().catch(() => setTimeout(redial, REDIAL_PAUSE_MS));
    };
    if (index >= 0 && !this.#closed) setTimeout(redial, REDIAL_PAUSE_MS);
  }
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function failureOf(httpStatus: number, grpcStatus: string | undefined, bytes: number, expected: number): string | undefined {
  if (httpStatus !== 200) return httpStatus === 0 ? 'connection closed' : `status ${httpStatus}`;
  if (grpcStatus === undefined) return 'no grpc-status';
  if (grpcStatus !== '0') return `grpc-status ${/^\d{1,3}$/.test(grpcStatus) ? grpcStatus : 'unreadable'}`;
  return bytes === expected ? undefined : 'wrong reply length';
}
