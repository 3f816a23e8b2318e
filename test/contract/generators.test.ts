/** Every engine against real servers on the loopback: ours, the reference gRPC server, and hostile ones. */
import net from 'node:net';
import * as grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { afterEach, describe, expect, test } from 'vitest';
import { openDial } from '../../src/generators/process/dial.ts';
import { engines } from '../../src/generators/process/engines.ts';
import { FRAME, frame } from '../../src/generators/process/http2-frames.ts';
import { runOpenLoad } from '../../src/generators/process/open-load.ts';
import type { ArmClient } from '../../src/generators/process/arm-client.ts';
import { runCapacityLoad } from '../../src/generators/process/capacity-load.ts';
import type { ArmTarget, LoadResult } from '../../src/model/contracts/generator.ts';
import type { ServerSpec } from '../../src/model/contracts/workload.ts';
import { grpcServer } from '../../src/workloads/server/grpc.ts';
import { httpServer } from '../../src/workloads/server/http.ts';
import { replier } from '../../src/workloads/server/reply.ts';
import { decode } from '../../src/model/histogram.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const spec = (change: Partial<ServerSpec> = {}): ServerSpec => ({
  workload: 'w',
  protocol: 'http',
  servicePort: 80,
  containerPort: 0,
  requestBytes: 0,
  responseBytes: 100,
  delay: { kind: 'none' },
  ...change,
});

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

const serve = (each: ServerSpec) => listen(each.protocol === 'http' ? httpServer(each, replier(each)) : grpcServer(each, replier(each)));

function target(engine: string, port: number, change: Partial<ArmTarget> = {}): ArmTarget {
  return { arm: 'a', engine, dial: { host: '127.0.0.1', port }, connections: 2, requestBytes: 0, responseBytes: 100, ...change };
}

async function load(each: ArmTarget, requests: number, ratePerSecond = 2000, pacing: 'sleep' | 'spin' = 'sleep'): Promise<LoadResult> {
  const engine = await engines[each.engine]?.();
  if (!engine) throw new Error('no engine');
  const client: ArmClient = await engine.open(each, openDial(each.dial));
  try {
    return await runOpenLoad(
      { op: 'open-load', id: 1, arms: ['a'], seed: 's', arrivals: 'poisson', pacing, ratePerSecond, durationNs: 0, requests },
      new Map([['a', client]]),
    );
  } finally {
    client.close();
  }
}

describe('against our server', () => {
  test.each([
    ['http1', 'http', 0],
    ['http1', 'http', 3000],
    ['grpc-frames', 'grpc', 16],
    ['grpc-frames', 'grpc', 20_000],
    ['grpc-js', 'grpc', 16],
  ] as const)('%s over %s, requests of %d bytes: all answered, all recorded', async (engine, protocol, requestBytes) => {
    const port = await serve(spec({ protocol, requestBytes }));
    const { arms, intendedRequests } = await load(target(engine, port, { requestBytes }), 300);
    const [arm] = arms;
    expect(arm).toMatchObject({ sent: 300, ok: 300, errors: 0, errorKinds: {}, connectionsOpened: 0 });
    expect(arm && decode(arm.response)?.totalCount).toBe(300);
    expect(intendedRequests).toBe(300);
  });

  test('autocannon counts answers and gives microseconds, not milliseconds', async () => {
    const port = await serve(spec());
    const result = await runCapacityLoad(target('autocannon', port), 0.5e9);
    expect(result.arms[0]?.ok).toBeGreaterThan(500);
    const median = decode(result.arms[0]?.response ?? { count: 0, hdr: '' })?.getValueAtPercentile(50) ?? 0;
    expect(median).toBeGreaterThan(1000);
    expect(median % 1e6).not.toBe(0);
  });

  test('spinning paces and records as well', async () => {
    const port = await serve(spec());
    const { arms, lag } = await load(target('http1', port), 300, 2000, 'spin');
    expect(arms[0]).toMatchObject({ sent: 300, ok: 300, errors: 0 });
    expect(lag.count).toBe(300);
  });

  test('two arms at once share one arrival process', async () => {
    const [a, b] = [target('http1', await serve(spec())), target('http1', await serve(spec()))];
    const engine = await engines['http1']?.();
    const clients = new Map<string, ArmClient>();
    for (const [name, each] of [
      ['a', a],
      ['b', b],
    ] as const)
      clients.set(name, (await engine?.open(each, openDial(each.dial))) as ArmClient);
    closers.push(() => clients.forEach((client) => client.close()));
    const { arms } = await runOpenLoad(
      {
        op: 'open-load',
        id: 1,
        arms: ['a', 'b'],
        seed: 's',
        arrivals: 'poisson',
        pacing: 'sleep',
        ratePerSecond: 2000,
        durationNs: 0,
        requests: 400,
      },
      clients,
    );
    expect(arms.map((arm) => arm.ok).reduce((sum, ok) => sum + ok, 0)).toBe(400);
    for (const arm of arms) expect(arm.ok).toBeGreaterThan(150);
  });
});

test('our gRPC client speaks to the reference server, trailers and status included', async () => {
  const loaded = grpc.loadPackageDefinition(
    protoLoader.loadSync(new URL('../../workloads/echo.proto', import.meta.url).pathname, { keepCase: true }),
  ) as unknown as { meshtax: { echo: { v1: { Echo: { service: grpc.ServiceDefinition } } } } };
  const server = new grpc.Server();
  const seen: number[] = [];
  server.addService(loaded.meshtax.echo.v1.Echo.service, {
    Unary(call: grpc.ServerUnaryCall<{ payload: Buffer }, unknown>, callback: grpc.sendUnaryData<unknown>) {
      seen.push(call.request.payload.length);
      if (seen.length % 10 === 0) callback({ code: grpc.status.UNAVAILABLE, message: 'every tenth' });
      else callback(null, { payload: Buffer.alloc(100) });
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  closers.push(() => server.forceShutdown());
  const { arms } = await load(target('grpc-frames', port, { requestBytes: 77 }), 100);
  expect(seen).toHaveLength(100);
  expect(new Set(seen)).toEqual(new Set([77]));
  expect(arms[0]).toMatchObject({ ok: 90, errors: 10, errorKinds: { 'grpc-status 14': 10 } });
});

describe('against hostile servers every request ends, and none as a good answer', () => {
  const raw = (behave: (socket: net.Socket) => void) =>
    listen(
      net.createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', () => behave(socket));
      }),
    );

  test.each([
    ['garbage', (socket: net.Socket) => void socket.write('nonsense\r\n\r\n'), 'not HTTP/1.x'],
    ['a closed connection', (socket: net.Socket) => void socket.end(), 'connection closed'],
    ['a reset', (socket: net.Socket) => void socket.resetAndDestroy(), 'ECONNRESET'],
    ['half an answer', (socket: net.Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'), 'connection closed'],
    ['an error status', (socket: net.Socket) => void socket.write('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n'), 'status 503'],
    ['another length', (socket: net.Socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc'), 'wrong body length'],
  ])('%s', async (_title, behave, kind) => {
    const { arms } = await load(target('http1', await raw(behave)), 20, 500);
    expect(arms[0]).toMatchObject({ ok: 0, errors: 20, errorKinds: { [kind]: 20 } });
  });

  test('silence: after the drain time what was never answered is an error', async () => {
    const { arms } = await load(target('http1', await raw(() => {})), 20, 500);
    expect(arms[0]).toMatchObject({ ok: 0, errors: 20 });
    expect(arms[0]?.errorKinds).toMatchObject({ 'no answer': 2, 'never sent': 18 });
  }, 15_000);

  const settings = frame(FRAME.settings, 0, 0);
  const endless = (bytes: Buffer) => (socket: net.Socket) => {
    const timer = setInterval(() => socket.write(bytes), 0);
    socket.once('close', () => clearInterval(timer));
  };
  test.each([
    [
      'headers that go on without end',
      (socket: net.Socket) => {
        socket.write(frame(FRAME.headers, 0, 1, Buffer.from([0x88])));
        endless(Buffer.concat(Array.from({ length: 100 }, () => frame(FRAME.continuation, 0, 1, Buffer.alloc(8000, 0x40)))))(socket);
      },
    ],
    ['a frame that is too long', (socket: net.Socket) => void socket.write(frame(FRAME.data, 0, 1, Buffer.alloc(20_000)))],
    ['pings without end', endless(Buffer.concat(Array.from({ length: 200 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))))],
    [
      'pings whose answers nobody reads',
      (socket: net.Socket) => {
        socket.pause();
        endless(Buffer.concat(Array.from({ length: 1000 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))))(socket);
      },
    ],
  ])('over gRPC: %s', async (_title, misbehave) => {
    const greeted = new WeakSet<net.Socket>();
    const port = await raw((socket) => {
      if (greeted.has(socket)) return misbehave(socket);
      greeted.add(socket);
      socket.write(settings);
    });
    const { arms } = await load(target('grpc-frames', port, { connections: 1 }), 5, 500);
    expect(arms[0]).toMatchObject({ ok: 0, errors: 5 });
    expect(arms[0]?.errorKinds).toHaveProperty('connection closed');
  });

  test('a gRPC server that resets every stream', async () => {
    const http2 = await import('node:http2');
    const server = http2.createServer();
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    });
    const { arms } = await load(target('grpc-frames', await listen(server)), 20, 500);
    expect(arms[0]).toMatchObject({ ok: 0, errors: 20 });
  });

  test('nobody there: connecting fails with a reason', async () => {
    const server = net.createServer();
    const port = await listen(server);
    server.close();
    await expect(load(target('http1', port), 1)).rejects.toThrow(/ECONNREFUSED/);
  });
});

test('a stall of the server is not hidden: requests that waited for a connection count', async () => {
  const port = await serve(spec({ delay: { kind: 'stall', everyNs: 600e6, stallNs: 200e6 } }));
  const each = target('http1', port);
  const engine = await engines['http1']?.();
  const client = (await engine?.open(each, openDial(each.dial))) as ArmClient;
  closers.push(() => client.close());
  const { arms } = await runOpenLoad(
    { op: 'open-load', id: 1, arms: ['a'], seed: 's', arrivals: 'poisson', pacing: 'sleep', ratePerSecond: 500, durationNs: 1.8e9 },
    new Map([['a', client]]),
  );
  const p90 = decode(arms[0]?.response ?? { count: 0, hdr: '' })?.getValueAtPercentile(90) ?? 0;
  // A third of the time is stall: a tenth of all requests waits longer than 140 ms. Clocked from send it would be two requests.
  expect(p90).toBeGreaterThan(100e6);
  expect(arms[0]?.backlogMax).toBeGreaterThan(50);
});
