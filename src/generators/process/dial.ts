/**
 * Sockets opened inside a client pod. A socket belongs to the network namespace of the process that made it, whoever
 * uses it later; so a small dialer process in each pod connects and hands the descriptor over, and one generator drives
 * all arms with the same code, clocks and warm-up (docs/decisions/003-one-generator.md).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import type { DialPlace } from '../../model/contracts/generator.ts';

/** Bytes as they arrive, in a buffer that is used again afterwards: copy what must be kept. */
export type Receive = (bytes: Buffer) => void;

export interface Dial {
  /**
   * A connected socket. With `receive` it never becomes a readable stream: its bytes go there at once, without the
   * 64 KiB that a stream allocates for each read. @rejects when refused, or when it takes longer than 5 s.
   */
  connect(receive?: Receive): Promise<net.Socket>;
  close(): void;
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

export function openDial(place: DialPlace): Dial {
  return place.enter.length === 0 ? dialHere(place) : dialFromPod(place);
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
    close: () => {},
  };
}

interface Waiting {
  readonly receive: Receive | undefined;
  resolve(socket: net.Socket): void;
  reject(error: Error): void;
}

function dialFromPod(place: DialPlace): Dial {
  const [command, ...rest] = [...place.enter, process.execPath, fileURLToPath(new URL('./dialer.ts', import.meta.url))];
  const child: ChildProcess = spawn(command, rest, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  const failAll = (reason: string) => {
    for (const waiter of waiting.values()) waiter.reject(new Error(reason));
    waiting.clear();
  };
  // The bare handle, not a socket: only whoever makes the socket can choose how it reads.
  child.on('message', (message: { id: number; error?: string }, handle: unknown) => {
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    if (handle === undefined || handle === null) {
      waiter?.reject(new Error(message.error ?? 'no socket came'));
      return;
    }
    const socket = new net.Socket({ handle, readable: true, writable: true, ...reading(waiter?.receive) } as net.SocketConstructorOpts);
    if (waiter) waiter.resolve(socket);
    else socket.destroy(); // it came too late
  });
  child.on('error', (error) => failAll(error.message));
  child.on('exit', (code) => failAll(`the dialer ended with ${code}`));

  return {
    connect: (receive) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { receive, resolve, reject });
        child.send({ id, host: place.host, port: place.port }, (error) => {
          if (error && waiting.delete(id)) reject(error);
        });
        setTimeout(() => {
          if (waiting.delete(id)) reject(new Error(`no connection to ${place.host}:${place.port} within ${DIAL_TIMEOUT_MS} ms`));
        }, DIAL_TIMEOUT_MS).unref();
      }),
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}
