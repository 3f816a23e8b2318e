import http from 'node:http';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import type { Replier } from './reply.ts';

export function httpServer(spec: ServerSpec, replier: Replier): http.Server {
  const body = Buffer.alloc(spec.responseBytes, 'x');
  const headers = { 'content-type': 'application/octet-stream', 'content-length': body.length };
  const answer = (response: http.ServerResponse) => {
    response.writeHead(200, headers);
    response.end(body);
  };
  const server = http.createServer((request, response) => {
    if (request.method === 'GET') {
      replier.reply(() => answer(response));
      return;
    }
    request.resume();
    request.on('end', () => replier.reply(() => answer(response)));
  });
  // Connections live as long as the generator wants: none may be closed between two trials.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  return server;
}
