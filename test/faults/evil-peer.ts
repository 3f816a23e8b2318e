/**
 * Loaded into the process of a run whose role is MESHTAX_EVIL_ROLE (`NODE_OPTIONS=--import`): stands between it and its clients and
 * passes bytes on, until the file MESHTAX_EVIL_TRIGGER is there; from then on it answers as MESHTAX_EVIL_MODE says, each request or
 * the MESHTAX_EVIL_EVERYth. Other processes are left as they are, and with MESHTAX_EVIL_ARM other arms too.
 */
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';

/** What is written to the client from the trigger on, at each of its requests; undefined ends the connection. */
type Answer = (socket: net.Socket) => void;

const say =
  (text: string): Answer =>
  (socket) =>
    void socket.write(text);
const repeat =
  (text: string, everyMs: number): Answer =>
  (socket) => {
    const timer = setInterval(() => socket.write(text), everyMs);
    socket.once('close', () => clearInterval(timer));
  };
/** An HTTP/2 frame: length, type, flags, stream, payload (RFC 9113 4.1). */
const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
};
const bytes =
  (data: Buffer): Answer =>
  (socket) =>
    void socket.write(data);

const ANSWERS: Readonly<Record<string, Answer>> = {
  garbage: bytes(Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 131) & 255))),
  zeros: bytes(Buffer.alloc(4096)),
  'half-close': (socket) => void socket.end(),
  reset: (socket) => void socket.resetAndDestroy(),
  silence: () => {},
  'status-500': say('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n'),
  'status-503-retry': say('HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n'),
  'status-200-empty': say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  'redirect-302': say('HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n'),
  'continue-100': say('HTTP/1.1 100 Continue\r\n\r\n'),
  'endless-headers': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    repeat(`x-filler: ${'x'.repeat(4000)}\r\n`, 1)(socket);
  },
  'endless-body': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n');
    repeat('y'.repeat(4000), 1)(socket);
  },
  'short-body': say('HTTP/1.1 200 OK\r\ncontent-length: 1024\r\n\r\nshort'),
  'negative-length': say('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'),
  'two-lengths': say('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 0\r\n\r\nhello'),
  'bad-chunks': say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n'),
  'two-answers': say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  'one-byte-at-a-time': repeat('H', 50),
  'close-each': (socket) => void socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  goaway: bytes(frame(7, 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, 11]))),
  'reset-streams': bytes(Buffer.concat(Array.from({ length: 64 }, (_, i) => frame(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))))),
  'huge-frame': bytes(frame(0, 0, 1, Buffer.alloc(0xff_ff_ff))),
  'ping-flood': (socket) => {
    const pings = Buffer.concat(Array.from({ length: 200 }, () => frame(6, 0, 0, Buffer.alloc(8))));
    const timer = setInterval(() => socket.write(pings), 1);
    socket.once('close', () => clearInterval(timer));
  },
  'endless-continuation': (socket) => {
    socket.write(frame(1, 0, 1, Buffer.from([0x88])));
    const timer = setInterval(() => socket.write(frame(9, 0, 1, Buffer.alloc(8000, 0x40))), 1);
    socket.once('close', () => clearInterval(timer));
  },
};

const trigger = process.env['MESHTAX_EVIL_TRIGGER'] ?? '';
const mode = process.env['MESHTAX_EVIL_MODE'] ?? '';
const every = Number(process.env['MESHTAX_EVIL_EVERY'] ?? 1);
let requests = 0;
const answer = ANSWERS[mode];
if (!answer) throw new Error(`no mode ${mode}; there are ${Object.keys(ANSWERS).join(', ')}`);

function before(upstream: string, misbehave: Answer): net.Server {
  return net.createServer({ allowHalfOpen: true }, (client) => {
    const server = net.connect(upstream);
    let triggered = false;
    let evil = false;
    for (const socket of [client, server]) socket.on('error', () => socket.destroy());
    client.on('data', (data) => {
      triggered ||= existsSync(trigger);
      const isNow = triggered && ++requests % every === 0;
      evil ||= isNow && every === 1;
      if (isNow) misbehave(client);
      else server.write(data);
    });
    server.on('data', (data) => {
      if (!evil) client.write(data);
    });
    client.on('end', () => {
      client.end();
      server.end();
    });
    client.on('close', () => server.destroy());
  });
}

type Listen = (this: net.Server, options: net.ListenOptions, done?: () => void) => net.Server;

/** Where the server wants to listen, the peer does; the server behind it has a name that only its own namespace knows. */
function takePlaces(misbehave: Answer): void {
  const prototype = net.Server.prototype as unknown as { listen: Listen };
  const { listen } = prototype;
  const peers = new WeakSet<net.Server>();
  let number = 0;
  prototype.listen = function (options, done) {
    if (peers.has(this)) return listen.call(this, options, done);
    const upstream = `\0evil-${process.pid}-${number++}`;
    const peer = before(upstream, misbehave);
    peers.add(peer);
    peer.once('error', (error) => this.emit('error', error));
    return listen.call(this, { path: upstream }, () => void peer.listen(options, done));
  };
}

const role = process.env['MESHTAX_EVIL_ROLE'];
const arm = process.env['MESHTAX_EVIL_ARM'] ?? '';
// Its cgroup is `meshtax/<run>/<arm>/…`.
const isInArm = arm === '' || new RegExp(`/meshtax/[a-z0-9]+/${arm}/`).test(readFileSync('/proc/self/cgroup', 'utf8'));
// Of the one script of all roles, or of a source of its own.
if (isInArm && (process.argv[2] === role || process.argv[1]?.endsWith(`/${role}/main.ts`))) takePlaces(answer);
