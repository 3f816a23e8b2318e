/**
 * The workload server: `main.ts '{"address": "...", "servers": [ServerSpec...]}'`. Prints `ready` when it listens.
 * A line `record` on stdin is answered with its own record of service times, one JSON document.
 */
import type { Server } from 'node:net';
import { createInterface } from 'node:readline';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { grpcServer } from './grpc.ts';
import { httpServer } from './http.ts';
import { replier, type Replier } from './reply.ts';

const { address, servers } = JSON.parse(process.argv[2] ?? '') as { address: string; servers: ServerSpec[] };

const repliers = await Promise.all(servers.map((spec) => listen(spec)));
process.stdout.write('ready\n');
const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  if (line === 'record') process.stdout.write(`${JSON.stringify(repliers.map((each) => each.takeRecord()))}\n`);
});
commands.on('close', () => process.exit(0)); // whoever started it is gone

async function listen(spec: ServerSpec): Promise<Replier> {
  const each = replier(spec);
  const server: Server = spec.protocol === 'http' ? httpServer(spec, each) : grpcServer(spec, each);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port: spec.containerPort, backlog: 1024 }, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    process.stderr.write(`${error.code ?? 'error'}: ${error.message}\n`);
    process.exit(error.code === 'EADDRINUSE' ? 98 : 1);
  });
  return each;
}
