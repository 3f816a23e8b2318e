/** Sockets opened by a dialer process and handed over, by way of its parent: the way into the pods, here without a pod. */
import { fork } from 'node:child_process';
import http2 from 'node:http2';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { Dialers } from '../../src/clusters/lab/dialers.ts';
import { openDial, type Dial, type Parent } from '../../src/generators/process/dial.ts';
import type { RunningProcess } from '../../src/model/ports.ts';

const DIALER = fileURLToPath(new URL('../../src/generators/process/dialer.ts', import.meta.url));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** The generator's parent, in this process: what it sends to the generator comes to the listener. */
function parentWith(dialers: Dialers): Parent {
  let listener: (message: unknown, handle: unknown) => void = () => {};
  const asker = { send: (message: object, socket?: unknown) => listener(message, socket) } as RunningProcess;
  return { send: (message) => dialers.ask(asker, message), on: (_event, wanted) => (listener = wanted) };
}

function startDialer(dialers: Dialers): RunningProcess {
  const child = fork(DIALER, { execArgv: ['--no-warnings'] });
  child.on('message', (message, socket) => dialers.hear(message, socket));
  closers.push(() => child.kill());
  const ended = new Promise<{ exitCode: undefined; signal: undefined }>((resolve) => {
    child.once('exit', () => resolve({ exitCode: undefined, signal: undefined }));
  });
  return {
    pid: child.pid ?? -1,
    ended,
    send: (message: object) => child.send(message),
    stop: async () => void child.kill(),
  } as Partial<RunningProcess> as RunningProcess;
}

async function dialTo(server: net.Server): Promise<{ dial: Dial; dialer: RunningProcess }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const dialers = new Dialers();
  const dialer = startDialer(dialers);
  dialers.add('pod', dialer);
  const { port } = server.address() as net.AddressInfo;
  return { dial: openDial({ through: 'pod', host: '127.0.0.1', port }, parentWith(dialers)), dialer };
}

test('bytes go both ways over a socket that another process opened', async () => {
  const { dial } = await dialTo(net.createServer((socket) => socket.on('data', (bytes) => socket.write(`echo ${bytes.toString()}`))));
  const answer = new Promise<string>((resolve) => {
    void dial.connect((bytes) => resolve(bytes.toString())).then((socket) => socket.write('hello'));
  });
  expect(await answer).toBe('echo hello');
});

test('an HTTP/2 server that speaks first loses nothing on the way', async () => {
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('ok');
  });
  const socket = await (await dialTo(server)).dial.connect();
  const session = http2.connect('http://x', { createConnection: () => socket });
  closers.unshift(() => session.destroy());
  const body = await new Promise<string>((resolve, reject) => {
    const stream = session.request({ ':path': '/' });
    stream.on('data', (bytes: Buffer) => resolve(bytes.toString()));
    stream.on('error', reject);
  });
  expect(body).toBe('ok');
});

test('a refused connection is an error with its reason, and the dialer goes on', async () => {
  const server = net.createServer();
  const { dial } = await dialTo(server);
  server.close();
  await expect(dial.connect()).rejects.toThrow(/ECONNREFUSED/);
  await expect(dial.connect()).rejects.toThrow(/ECONNREFUSED/);
});

test('a dialer that ends fails whoever waits, and whoever asks later', async () => {
  const { dial, dialer } = await dialTo(net.createServer());
  const first = dial.connect().catch((error: Error) => error.message);
  await dialer.stop();
  expect(await first).toSatisfy((outcome) => typeof outcome !== 'string' || /ended|no dialer/.test(outcome));
  await dialer.ended;
  await expect(dial.connect()).rejects.toThrow(/there is no dialer in pod/);
});
