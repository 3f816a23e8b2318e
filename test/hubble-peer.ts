/** A gRPC peer that speaks Hubble's observer API and does what a test says; and records to feed the lab's own observer. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { hubble } from '../src/collectors/hubble.ts';
import type { Reading } from '../src/model/contracts/collector.ts';
import type { Deployment } from '../src/model/contracts/deployment.ts';
import type { HubbleView } from '../src/model/contracts/hubble.ts';
import { system } from '../src/system/index.ts';
import { RECORD_BYTES } from '../src/clusters/lab/observer/records.ts';

export const PROTOS = fileURLToPath(new URL('../clusters/hubble', import.meta.url));

export interface Peer {
  readonly address: string;
  close(): void;
}

export interface PeerBehaviour {
  readonly getFlows: (call: grpc.ServerWritableStream<object, unknown>) => void;
  readonly status: () => object;
}

export async function peer(behaviour: PeerBehaviour, credentials = grpc.ServerCredentials.createInsecure()): Promise<Peer> {
  const definition = protoLoader.loadSync('observer/observer.proto', {
    includeDirs: [PROTOS],
    keepCase: true,
    longs: String,
    enums: String,
  });
  const loaded = grpc.loadPackageDefinition(definition) as unknown as { observer: { Observer: { service: grpc.ServiceDefinition } } };
  const server = new grpc.Server();
  server.addService(loaded.observer.Observer.service, {
    GetFlows: behaviour.getFlows,
    ServerStatus: (_call: unknown, answer: grpc.sendUnaryData<unknown>) => {
      try {
        answer(null, behaviour.status());
      } catch (error) {
        answer({ code: grpc.status.INTERNAL, details: (error as Error).message });
      }
    },
  });
  return serving(server, credentials);
}

export async function serving(server: grpc.Server, credentials = grpc.ServerCredentials.createInsecure()): Promise<Peer> {
  const directory = mkdtempSync(`${tmpdir()}/mt-hubble-`);
  const address = `unix:${directory}/peer.sock`;
  await new Promise<void>((resolve, reject) => server.bindAsync(address, credentials, (error) => (error ? reject(error) : resolve())));
  const close = () => {
    server.forceShutdown();
    rmSync(directory, { recursive: true, force: true });
  };
  return { address, close };
}

interface RecordedFlow {
  readonly time: string;
  readonly is_reply?: boolean;
}

/** Recorded GetFlows responses, as the message loader takes them. */
export function recordedFlows(name: string): object[] {
  const text = readFileSync(new URL(`./fixtures/hubble/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const { flow, ...rest } = JSON.parse(line) as { flow: RecordedFlow; time: string };
      const message = { ...flow, time: timeOf(flow.time), ...(flow.is_reply === undefined ? {} : { is_reply: { value: flow.is_reply } }) };
      return { ...rest, time: timeOf(rest.time), flow: message };
    });
}

function timeOf(text: string): { seconds: string; nanos: number } {
  const [whole = '', fraction = ''] = text.replace('Z', '').split('.');
  return { seconds: String(Date.parse(`${whole}Z`) / 1000), nanos: Number(fraction.padEnd(9, '0')) };
}

export interface RecordShape {
  readonly kind?: number;
  readonly map?: number;
  readonly lost?: number;
  readonly timeNs?: bigint;
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly tcpFlags?: number;
  readonly type?: number;
  readonly subType?: number;
  readonly direction?: number;
  readonly state?: number;
  readonly reason?: number;
  readonly cookie?: bigint;
}

/** What flow-reader writes, by the offsets of clusters/lab/bpf/types.h. */
export function recordBytes(shape: RecordShape): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeUInt8(shape.kind ?? 1, 0);
  bytes.writeUInt8(shape.map ?? 0, 1);
  bytes.writeUInt32LE(shape.lost ?? 0, 4);
  bytes.writeBigUInt64LE(shape.timeNs ?? 0n, 8);
  bytes.writeBigUInt64LE(shape.cookie ?? 0n, 16);
  Buffer.from((shape.source ?? '10.77.1.2').split('.').map(Number)).copy(bytes, 32);
  Buffer.from((shape.destination ?? '10.77.2.2').split('.').map(Number)).copy(bytes, 36);
  bytes.writeUInt16BE(shape.sourcePort ?? 40_000, 40);
  bytes.writeUInt16BE(shape.destinationPort ?? 8080, 42);
  bytes.writeUInt8(6, 44);
  bytes.writeUInt8(shape.tcpFlags ?? 2, 45);
  bytes.writeUInt8(shape.type ?? 4, 46);
  bytes.writeUInt8(shape.subType ?? 0, 47);
  bytes.writeUInt8(shape.direction ?? 0, 48);
  bytes.writeUInt8(shape.state ?? 0, 49);
  bytes.writeUInt32LE(10_001, 52);
  bytes.writeUInt32LE(10_002, 56);
  bytes.writeUInt32LE(7, 64);
  bytes.writeUInt32LE(shape.reason ?? 0, 68);
  bytes.write('0a0b0c0d0e0f010203040506', 72, 'hex');
  return bytes;
}

export async function observed(
  address: string,
  during: () => Promise<void> | void,
  pods = ['bench/'],
  tls?: HubbleView['tls'],
): Promise<(metric: string) => Reading | undefined> {
  const deployment = {
    hubble: { address, pods, client: pods[0] ?? '', serverAddress: '', tls },
  } as unknown as Deployment;
  const recording = await hubble.open({ deployment, generator: undefined, system, host: {} });
  await during();
  const readings = await recording.close();
  return (metric) => readings.find((reading) => reading.metric === metric);
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
export const value = (reading: Reading | undefined) => (reading && 'value' in reading ? reading.value : reading);
