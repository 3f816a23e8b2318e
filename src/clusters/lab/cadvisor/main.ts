/**
 * The lab's exporter: samples its containers at every housekeeping, and serves the last sample of each as cAdvisor would,
 * on a Unix socket. Commands come as JSON lines; each is answered by ".".
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { pageOf, type SampledContainer } from './page.ts';
import { readContainer, type WatchedContainer } from './reading.ts';

const optionsSchema = z.object({ socket: z.string(), housekeepingMs: z.number().min(100) });

type Command =
  | { readonly op: 'watch'; readonly containers: readonly WatchedContainer[] }
  | { readonly op: 'forget'; readonly namespace: string };

const options = optionsSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
let watched: readonly WatchedContainer[] = [];
let sampled: readonly SampledContainer[] = [];

function housekeeping(): void {
  sampled = watched.flatMap((container) => {
    const state = readContainer(container, readIfAny, Date.now);
    return state ? [{ container, state }] : [];
  });
}

function readIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function obey(command: Command): void {
  if (command.op === 'watch') watched = [...watched, ...command.containers];
  else watched = watched.filter(({ namespace }) => namespace !== command.namespace);
  housekeeping();
}

function serve(request: http.IncomingMessage, response: http.ServerResponse): void {
  const path = request.url?.split('?')[0];
  const found = request.method === 'GET' && (path === '/metrics/cadvisor' || path === '/metrics');
  response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(found ? pageOf(sampled) : '');
}

await new Promise<void>((resolve) => http.createServer(serve).listen(options.socket, resolve));
setInterval(housekeeping, options.housekeepingMs);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    obey(JSON.parse(line) as Command);
    process.stdout.write('.\n');
  })
  .on('close', () => process.exit(0));
process.stdout.write('ready\n');
