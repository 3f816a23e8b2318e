/** HTTP/1.1 on raw sockets: one request in flight a connection, connections replaced when they break. */
import type net from 'node:net';
import type { ArmTarget } from '../../model/contracts/generator.ts';
import type { ArmClient, Engine, OnDone } from './arm-client.ts';
import type { Dial } from './dial.ts';
import { ResponseReader, type ResponseHead } from './http-response.ts';
import { monotonicNs } from './monotonic.ts';

const REDIAL_PAUSE_MS = 50;

export const http1Engine: Engine = {
  async open(target, dial) {
    const pool = new Http1Pool(requestBytes(target), target.responseBytes, dial);
    await Promise.all(Array.from({ length: target.connections }, () => pool.addConnection()));
    return pool;
  },
};

/** GET when there is nothing to send, else POST with a body. */
export function requestBytes(target: Pick<ArmTarget, 'requestBytes' | 'dial'>): Buffer {
  const authority = `${target.dial.host}:${target.dial.port}`;
  if (target.requestBytes === 0) return Buffer.from(`GET /echo HTTP/1.1\r\nhost: ${authority}\r\nuser-agent: meshtax\r\n\r\n`);
  const head = `POST /echo HTTP/1.1\r\nhost: ${authority}\r\nuser-agent: meshtax\r\ncontent-type: application/octet-stream\r\ncontent-length: ${target.requestBytes}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(target.requestBytes, 'x')]);
}

class Http1Pool implements ArmClient {
  onDone: OnDone = () => {};
  onFree: () => void = () => {};
  readonly #request: Buffer;
  readonly #expectedBytes: number;
  readonly #dial: Dial;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #opened = 0;
  #inFlight = 0;
  #closed = false;

  constructor(request: Buffer, expectedBytes: number, dial: Dial) {
    this.#request = request;
    this.#expectedBytes = expectedBytes;
    this.#dial = dial;
  }

  async addConnection(): Promise<void> {
    const connection = new Connection({
      answered: (head, bodyBytes, doneNs) => this.#answered(connection, head, bodyBytes, doneNs),
      broken: (reason) => this.#broken(connection, reason),
    });
    connection.use(await this.#dial.connect((bytes) => connection.receive(bytes)));
    this.#opened++;
    this.#all.add(connection);
    this.#idle.push(connection);
    this.onFree();
  }

  trySend(enqueueNs: number): boolean {
    // The connection idle longest: requests spread over all connections, as with several callers.
    const connection = this.#idle.shift();
    if (!connection) return false;
    this.#inFlight++;
    connection.send(this.#request, enqueueNs);
    return true;
  }

  inFlight(): number {
    return this.#inFlight;
  }

  opened(): number {
    return this.#opened;
  }

  abandon(failure: string): void {
    for (const connection of [...this.#all]) if (connection.busy) this.#broken(connection, failure);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#all) connection.destroy();
    this.#all.clear();
  }

  #answered(connection: Connection, { status, keepAlive }: ResponseHead, bodyBytes: number, doneNs: number): void {
    this.#inFlight--;
    const enqueueNs = connection.release();
    if (keepAlive) this.#idle.push(connection);
    else this.#replace(connection);
    const failure = status !== 200 ? `status ${status}` : bodyBytes !== this.#expectedBytes ? 'wrong body length' : undefined;
    this.onDone(enqueueNs, doneNs, failure);
    if (keepAlive) this.onFree();
  }

  #broken(connection: Connection, reason: string): void {
    if (!this.#all.has(connection)) return;
    const wasBusy = connection.busy;
    const enqueueNs = connection.release();
    this.#replace(connection);
    if (!wasBusy) return;
    this.#inFlight--;
    this.onDone(enqueueNs, monotonicNs(), reason);
  }

  #replace(connection: Connection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    connection.destroy();
    const redial = () => {
      if (!this.#closed) this.addConnection().catch(() => setTimeout(redial, REDIAL_PAUSE_MS));
    };
    if (!this.#closed) setTimeout(redial, REDIAL_PAUSE_MS);
  }
}

interface ConnectionEvents {
  answered(head: ResponseHead, bodyBytes: number, doneNs: number): void;
  broken(reason: string): void;
}

class Connection {
  busy = false;
  #enqueueNs = 0;
  #receivedNs = 0;
  #socket: net.Socket | undefined;
  readonly #events: ConnectionEvents;
  readonly #reader: ResponseReader;

  constructor(events: ConnectionEvents) {
    this.#events = events;
    this.#reader = new ResponseReader((head, bodyBytes) => {
      if (this.busy) events.answered(head, bodyBytes, this.#receivedNs);
      else events.broken('unasked response');
    });
  }

  use(socket: net.Socket): void {
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => this.#events.broken(error.code ?? error.message));
    socket.on('close', () => this.#events.broken('connection closed'));
    socket.on('end', () => this.#events.broken('connection closed'));
  }

  receive(bytes: Buffer): void {
    this.#receivedNs = monotonicNs(); // before parsing: that is our time, not the datapath's
    const wrong = this.#reader.feed(bytes);
    if (wrong !== undefined) this.#events.broken(wrong);
  }

  send(request: Buffer, enqueueNs: number): void {
    this.busy = true;
    this.#enqueueNs = enqueueNs;
    this.#socket?.write(request);
  }

  release(): number {
    this.busy = false;
    return this.#enqueueNs;
  }

  destroy(): void {
    this.#socket?.removeAllListeners();
    this.#socket?.on('error', () => {}); // a late error of a connection already given up
    this.#socket?.destroy();
  }
}
