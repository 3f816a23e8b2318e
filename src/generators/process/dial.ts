/**
 * Connections, opened here, or inside a client pod: a socket belongs to the network namespace of the process that made it,
 * whoever uses it later. A dialer in each pod connects, and this process's parent hands its sockets over; so one generator
 * drives all arms with the same code, clocks and warm-up (docs/decisions/003-one-generator.md), and may enter no pod itself.
 */
import net from 'node:net';
import type { DialPlace } from '../../model/contracts/generator.ts';

/** Bytes as they arrive, in a buffer that is used again afterwards: copy what must be kept. */
export type Receive = (bytes: Buffer) => void;

export interface Dial {
  /**
   * A connected socket. With `receive` it never becomes a readable stream: its bytes go there at once, without the
   * 64 KiB that a stream allocates for each read. @rejects when refused, or when it takes longer than 5 s.
   */
  connect(receive?: Receive): Promise<net.Socket>;
}

const DIAL_TIMEOUT_MS = 5000;

/** One for all sockets of the process: a read is handed on before the next begins. */
const readBuffer = Buffer.allocUnsafe(64 * 1024);

function reading(receive: Receive | undefined): { onread?: net.OnReadOpts } {
  if (!receive) return {};
  const callback = (length: number) => {
    receive(readBuffer.subarray(0, length));
    return true;
  };
  return { onread: { buffer: readBuffer, callback } };
}

/** Where this process's parent is asked for sockets; a parameter for tests. */
export interface Parent {
  send(message: object): void;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
}

export function openDial(place: DialPlace, parent: Parent = process as unknown as Parent): Dial {
  const { through, host, port } = place;
  return through === undefined ? dialHere(place) : dialThrough(parent, { through, host, port });
}

function dialHere(place: DialPlace): Dial {
  return {
    connect: (receive) =>
      new Promise((resolve, reject) => {
        const socket = net.connect({ host: place.host, port: place.port, noDelay: true, ...reading(receive) });
        socket.setTimeout(DIAL_TIMEOUT_MS, () => socket.destroy(new Error('connection timed out')));
        socket.once('error', reject);
        socket.once('connect', () => {
          socket.off('error', reject);
          socket.setTimeout(0);
          resolve(socket);
        });
      }),
  };
}

interface Waiting {
  readonly receive: Receive | undefined;
  resolve(socket: net.Socket): void;
  reject(error: Error): void;
}

/** Of this process, by number; its parent is listened to once. */
const waiting = new Map<number, Waiting>();
const heard = new WeakSet<Parent>();
let nextId = 1;

function listenTo(parent: Parent): void {
  if (heard.has(parent)) return;
  heard.add(parent);
  // The bare handle, not a socket: only whoever makes the socket can choose how it reads.
  parent.on('message', (message, handle) => {
    const { dial, error } = message as { dial: number; error?: string };
    const waiter = waiting.get(dial);
    waiting.delete(dial);
    if (handle === undefined || handle === null) {
      waiter?.reject(new Error(error ?? 'no socket came'));
      return;
    }
    const socket = new net.Socket({ handle, readable: true, writable: true, ...reading(waiter?.receive) } as net.SocketConstructorOpts);
    if (waiter) waiter.resolve(socket);
    else socket.destroy(); // it came too late
  });
}

function dialThrough(parent: Parent, place: { readonly through: string; readonly host: string; readonly port: number }): Dial {
  listenTo(parent);
  return {
    connect: (receive) =>
      new Promise((resolve, reject) => {
        const dial = nextId++;
        waiting.set(dial, { receive, resolve, reject });
        parent.send({ dial, ...place });
        setTimeout(() => {
          if (waiting.delete(dial)) reject(new Error(`no connection to ${place.host}:${place.port} within ${DIAL_TIMEOUT_MS} ms`));
        }, DIAL_TIMEOUT_MS).unref();
      }),
  };
}
