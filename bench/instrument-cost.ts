/**
 * What the two protocol collectors cost themselves: CPU per 1000 flows from a real gRPC server to the counts, and per
 * scrape of a page of 5,000 series. About 20 s, without root.
 */
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { hubble } from '../src/collectors/hubble.ts';
import { rowsOf } from '../src/collectors/cadvisor/rows.ts';
import type { Deployment } from '../src/model/contracts/deployment.ts';
import { formatExposition, parseExposition } from '../src/model/exposition.ts';
import { system } from '../src/system/index.ts';

const FLOWS = 200_000;
const SERIES = 5000;
const SCRAPES = 50;
const protos = fileURLToPath(new URL('../clusters/hubble', import.meta.url));

/** In a thread of its own, so that what it costs is not counted as the collector's. */
async function serve(address: string): Promise<void> {
  const definition = protoLoader.loadSync('observer/observer.proto', {
    includeDirs: [protos],
    keepCase: true,
    longs: String,
    enums: String,
  });
  const loaded = grpc.loadPackageDefinition(definition) as unknown as { observer: { Observer: { service: grpc.ServiceDefinition } } };
  let sent = 0;
  let send = () => {};
  const server = new grpc.Server();
  server.addService(loaded.observer.Observer.service, {
    ServerStatus: (_call: unknown, answer: grpc.sendUnaryData<unknown>) => answer(null, { seen_flows: String(sent), max_flows: '4095' }),
    GetFlows: (call: grpc.ServerWritableStream<object, unknown>) => {
      call.sendMetadata(new grpc.Metadata());
      const pump = () => {
        while (sent < FLOWS) if (!call.write({ flow: flowOf(sent++) })) return void call.once('drain', pump);
        parentPort?.postMessage('sent');
      };
      send = pump;
    },
  });
  await new Promise<void>((resolve) => server.bindAsync(address, grpc.ServerCredentials.createInsecure(), () => resolve()));
  parentPort?.on('message', () => send());
  parentPort?.postMessage('ready');
}

function flowOf(i: number): object {
  const pod = (name: string) => ({
    ID: 1,
    identity: 10_001,
    namespace: 'arm',
    pod_name: name,
    labels: ['k8s:app=x', 'k8s:io.kubernetes.pod.namespace=arm'],
  });
  return {
    time: { seconds: String(1_700_000_000 + Math.floor(i / 1000)), nanos: i % 1000 },
    uuid: `uuid-${i}`,
    verdict: 'FORWARDED',
    IP: { source: '10.77.1.2', destination: '10.77.2.2', ipVersion: 'IPv4' },
    l4: {
      TCP: { source_port: 30_000 + (i % 20_000), destination_port: 8080, flags: i % 8 === 0 ? { SYN: true } : { ACK: true, PSH: true } },
    },
    source: pod('client'),
    destination: pod('server'),
    Type: 'L3_L4',
    node_name: 'lab/node-a',
    event_type: { type: 4, sub_type: 11 },
    traffic_direction: 'EGRESS',
    is_reply: { value: false },
    Summary: 'TCP Flags: SYN',
  };
}

async function flowCost(): Promise<void> {
  const address = `unix:${mkdtempSync(`${tmpdir()}/mt-bench-`)}/peer.sock`;
  const worker = new Worker(new URL(import.meta.url), { workerData: { address } });
  const told = (text: string) => new Promise<void>((resolve) => worker.on('message', (message) => message === text && resolve()));
  await told('ready');
  const deployment = {
    hubble: { address, pods: ['arm/'], client: 'arm/client', serverAddress: '' },
  } as unknown as Deployment;
  const recording = await hubble.open({ deployment, generator: undefined, system, host: {} });
  const startedAt = performance.now();
  const before = process.threadCpuUsage();
  const sent = told('sent');
  worker.postMessage('send');
  await sent;
  const readings = await recording.close();
  const { user, system: kernel } = process.threadCpuUsage(before);
  const seconds = (performance.now() - startedAt) / 1000;
  const events = readings.find((reading) => reading.metric === 'flowEvents');
  const count = events && 'value' in events ? events.value : 0;
  console.log(
    `hubble: ${count} flows in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s), CPU ms per 1000 flows: ${((user + kernel) / count).toFixed(2)}, resident ${Math.round(process.memoryUsage.rss() / 1048576)} MiB`,
  );
  await worker.terminate();
}

function scrapeCost(): void {
  const samples = Array.from({ length: SERIES }, (_, i) => ({
    labels: {
      container: `c${i}`,
      cpu: 'total',
      id: `/kubepods/burstable/pod${i}/abcdef0123456789`,
      image: 'localhost/image:lab',
      name: `n${i}`,
      namespace: 'bench',
      pod: `p${i}`,
    },
    value: i / 7,
    timestampMs: 1_700_000_000_000 + i,
  }));
  const text = formatExposition([{ name: 'container_cpu_usage_seconds_total', help: 'x', type: 'counter', samples }]);
  const cost = (work: () => void) => {
    work();
    const before = process.threadCpuUsage();
    for (let i = 0; i < SCRAPES; i++) work();
    const { user, system: kernel } = process.threadCpuUsage(before);
    return ((user + kernel) / 1000 / SCRAPES).toFixed(2);
  };
  const all = cost(() => rowsOf(parseExposition(text), 'container_cpu_usage_seconds_total', ({ pod }) => pod === 'p7'));
  const none = cost(() => parseExposition(text, () => false));
  console.log(
    `cadvisor: a page of ${SERIES} series (${Math.round(text.length / 1024)} KiB) in ${all} ms of CPU; ${none} ms where all of it is unwanted`,
  );
}

if (isMainThread) {
  scrapeCost();
  await flowCost();
  process.exit(0);
} else await serve((workerData as { address: string }).address);
