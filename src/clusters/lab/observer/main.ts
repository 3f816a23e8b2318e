/**
 * The lab's observer, in the place of Cilium's agent and Hubble's server: reads the datapath's perf events through
 * flow-reader, keeps the last of them in a ring and serves them as Hubble does, on a Unix socket.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { z } from 'zod';
import { accessLogServer } from './access-log.ts';
import { EventReader } from './event-reader.ts';
import { endpointSchema, Names, serviceSchema } from './names.ts';
import { Ring } from './ring.ts';
import { observerServer, type ObserverState } from './server.ts';

const configurationSchema = z.object({
  socket: z.string(),
  protos: z.string(),
  /** The program and the maps it reads; none where only access logs are observed. */
  reader: z.string(),
  maps: z.array(z.object({ pin: z.string(), node: z.string() })),
  /** Where Envoys send their access logs, and the directory of that protocol's messages; absent without Envoys. */
  accessLog: z.object({ socket: z.string(), owner: z.number().int(), protos: z.string() }).optional(),
  ringFlows: z.number().int(),
  endpoints: z.array(endpointSchema),
  services: z.array(serviceSchema),
});
export type ObserverConfiguration = z.infer<typeof configurationSchema>;

const configuration = configurationSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
const ring = new Ring(configuration.ringFlows);
const listeners = new Set<() => void>();
const reader = startReader();
const state: ObserverState = {
  ring,
  context: {
    names: new Names(configuration.endpoints, configuration.services),
    nodes: configuration.maps.map(({ node }) => node),
    bootNs: BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint(),
    session: randomBytes(8).toString('hex'),
  },
  startedNs: process.hrtime.bigint(),
  onEvent(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  rate: rateOf(ring),
  settled: async () => reader?.settled(),
};

/** Over the last full second. */
function rateOf({ seen }: Ring): () => number {
  let rate = 0;
  let before = seen;
  setInterval(() => {
    rate = ring.seen - before;
    before = ring.seen;
  }, 1000);
  return () => rate;
}

function tellListeners(): void {
  for (const listener of listeners) listener();
}

function startReader(): EventReader | undefined {
  if (configuration.maps.length === 0) return undefined;
  const reader = spawn(
    configuration.reader,
    configuration.maps.map(({ pin }) => pin),
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  reader.on('exit', (code) => {
    process.stderr.write(`flow-reader ended with ${code}\n`);
    process.exit(1);
  });
  process.on('exit', () => reader.kill());
  return new EventReader(reader, (bytes, at) => ring.addRecord(bytes, at), tellListeners);
}

function takeAccessLogs(): Promise<void> {
  const { accessLog } = configuration;
  if (!accessLog) return Promise.resolve();
  const server = accessLogServer(accessLog.protos, (events) => {
    for (const http of events) ring.add({ kind: 'http', http });
    tellListeners();
  });
  return listen(server, accessLog.socket).then(() => chownSync(accessLog.socket, accessLog.owner, accessLog.owner));
}

function listen(server: grpc.Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
  });
}

process.on('SIGTERM', () => process.exit(0));
await reader?.opened;
await takeAccessLogs();
await listen(observerServer(state, configuration.protos), configuration.socket);
process.stdout.write('ready\n');
