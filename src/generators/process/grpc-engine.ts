/**
 * Unary gRPC on plain sockets: a few sessions, streams spread over them in turn, frames written and read here. Node's
 * own HTTP/2 makes a dozen objects for each request; this costs a quarter of its CPU (docs/decisions/014-grpc-frames.md).
 */
import type { ArmTarget } from '../../model/contracts/generator.ts';
import { ECHO_PATH, echoMessage } from '../../model/echo-message.ts';
import type { ArmClient, Engine, OnDone } from './arm-client.ts';
import type { Dial } from './dial.ts';
import { GrpcSession } from './grpc-session.ts';
import { literal, type ResponseHeaders } from './hpack.ts';
import { monotonicNs } from './monotonic.ts';

const REDIAL_PAUSE_MS = 50;

export const grpcEngine: Engine = {
  async open(target, dial) {
    const pool = new GrpcPool(target, dial);
    await Promise.all(Array.from({ length: target.connections }, () => pool.addSession()));
    return pool;
  },
};

class GrpcPool implements ArmClient {
  onDone: OnDone = () => {};
  onFree: () => void = () => {};
  readonly #dial: Dial;
  readonly #request: { readonly headers: Buffer; readonly message: Buffer };
  readonly #replyBytes: number;
  readonly #sessions: GrpcSession[] = [];
  #next = 0;
  #opened = 0;
  #closed = false;

  constructor(target: ArmTarget, dial: Dial) {
    this.#dial = dial;
    this.#request = {
      headers: requestHeaders(`${target.dial.host}:${target.dial.port}`),
      message: Buffer.from(echoMessage(target.requestBytes)),
    };
    this.#replyBytes = echoMessage(target.responseBytes).length;
  }

  async addSession(): Promise<void> {
    const session: GrpcSession = new GrpcSession(this.#request, {
      answered: (enqueueNs, doneNs, headers, bytes) => {
        this.onDone(enqueueNs, doneNs, failureOf(headers, bytes, this.#replyBytes));
        this.onFree();
      },
      failed: (enqueueNs, reason) => {
        this.onDone(enqueueNs, monotonicNs(), reason);
        this.onFree();
      },
      lost: () => this.#lost(session),
    });
    await session.open(this.#dial);
    this.#opened++;
    this.#sessions.push(session);
    this.onFree();
  }

  trySend(enqueueNs: number): boolean {
    for (let tried = 0; tried < this.#sessions.length; tried++) {
      const session = this.#sessions[this.#next++ % this.#sessions.length] as GrpcSession;
      if (session.trySend(enqueueNs)) return true;
    }
    return false;
  }

  inFlight(): number {
    return this.#sessions.reduce((sum, session) => sum + session.inFlight(), 0);
  }

  opened(): number {
    return this.#opened;
  }

  abandon(failure: string): void {
    for (const session of this.#sessions) session.abandon(failure);
  }

  close(): void {
    this.#closed = true;
    for (const session of this.#sessions.splice(0)) session.destroy();
  }

  #lost(session: GrpcSession): void {
    const index = this.#sessions.indexOf(session);
    if (index >= 0) this.#sessions.splice(index, 1);
    const redial = () => {
      if (!this.#closed) this.addSession().catch(() => setTimeout(redial, REDIAL_PAUSE_MS));
    };
    if (index >= 0 && !this.#closed) setTimeout(redial, REDIAL_PAUSE_MS);
  }
}

/** Indices of HPACK's static table (RFC 7541, appendix A). */
const STATIC = { authority: 1, methodPost: 0x83, path: 4, schemeHttp: 0x86, contentType: 31, userAgent: 58 } as const;

function requestHeaders(authority: string): Buffer {
  return Buffer.from([
    STATIC.methodPost,
    STATIC.schemeHttp,
    ...literal(STATIC.path, ECHO_PATH),
    ...literal(STATIC.authority, authority),
    ...literal(STATIC.contentType, 'application/grpc'),
    ...literal(STATIC.userAgent, 'meshtax'),
    ...literal('te', 'trailers'),
  ]);
}

function failureOf({ status, grpcStatus }: ResponseHeaders, bytes: number, expected: number): string | undefined {
  if (status !== 200) return status === undefined ? 'no status' : `status ${status}`;
  if (grpcStatus === undefined) return 'no grpc-status';
  if (grpcStatus !== '0') return `grpc-status ${/^\d{1,3}$/.test(grpcStatus) ? grpcStatus : 'unreadable'}`;
  return bytes === expected ? undefined : 'wrong reply length';
}
