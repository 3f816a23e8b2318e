/** A unary gRPC service on `node:http2`, a fifth of the CPU of grpc-js: the server must not be the bottleneck. */
import http2 from 'node:http2';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { ECHO_PATH, echoMessage } from '../../model/echo-message.ts';
import type { Replier } from './reply.ts';

const UNIMPLEMENTED = '12';

export function grpcServer(spec: ServerSpec, replier: Replier): http2.Http2Server {
  const message = echoMessage(spec.responseBytes);
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}); // a client that went away: nothing to answer
    if (headers[':path'] !== ECHO_PATH) {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': UNIMPLEMENTED }, { endStream: true });
      return;
    }
    stream.resume();
    stream.on('end', () => replier.reply(() => answer(stream, message)));
  });
  server.on('sessionError', () => {});
  return server;
}

function answer(stream: http2.ServerHttp2Stream, message: Uint8Array): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(message);
}
