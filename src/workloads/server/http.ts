/**
 * HTTP/1.1 on plain sockets: `node:http` makes several objects for every request, and their collection showed up in
 * the tail of what was measured. It answers every request alike; it reads methods and lengths, nothing else.
 */
import net from 'node:net';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { RequestReader } from './http-request.ts';
import type { Replier } from './reply.ts';

export function httpServer(spec: ServerSpec, replier: Replier): net.Server {
  const body = Buffer.alloc(spec.responseBytes, 'x');
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ${body.length}\r\n`;
  const answer = Buffer.concat([Buffer.from(`${head}\r\n`), body]);
  const lastAnswer = Buffer.concat([Buffer.from(`${head}connection: close\r\n\r\n`), body]);
  return net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {}); // a client that went away: nothing to answer
    const reader = new RequestReader((keepAlive) =>
      replier.reply(() => {
        if (socket.destroyed) return;
        if (keepAlive) socket.write(answer);
        else socket.end(lastAnswer);
      }),
    );
    socket.on('data', (bytes) => {
      const wrong = reader.feed(bytes);
      if (wrong) socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    });
  });
}
