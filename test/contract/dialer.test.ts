/** Sockets opened by a dialer process and handed over: the way into the pods, here without a pod. */
import http2 from 'node:http2';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openDial, type Dial } from '../../src/generators/process/dial.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** `env` enters nothing: the dialer runs where we are, but as a process of its own. */
async function dialTo(server: net.Server): Promise<Dial> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dial = openDial({ enter: ['/usr/bin/env'], host: '127.0.0.1', port: (server.address() as net.AddressInfo).port });
  closers.push(() => {
    dial.close();
    server.close();
  });
  return dial;
}

test('bytes go both ways over a socket that another process opened', async () => {
  const dial = await dialTo(net.createServer((socket) => socket.on('data', (bytes) => socket.write(`echo ${bytes.toString()}`))));
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
  const socket = await (await dialTo(server)).connect();
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
  const dial = await dialTo(server);
  server.close();
  await expect(dial.connect()).rejects.toThrow(/ECONNREFUSED/);
  await expect(dial.connect()).rejects.toThrow(/ECONNREFUSED/);
});

test('a dialer that cannot even start fails whoever waits', async () => {
  const dial = openDial({ enter: ['/nowhere/enter'], host: '127.0.0.1', port: 1 });
  await expect(dial.connect()).rejects.toThrow();
});
