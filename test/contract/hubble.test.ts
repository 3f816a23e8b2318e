/** The Hubble collector against peers that behave, and against peers that do not; and against the lab's own observer. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { Names } from '../../src/clusters/lab/observer/names.ts';
import { Ring } from '../../src/clusters/lab/observer/ring.ts';
import { observerServer } from '../../src/clusters/lab/observer/server.ts';
import { hubble } from '../../src/collectors/hubble.ts';
import { observerClient, type FlowsResponse } from '../../src/collectors/hubble/client.ts';
import type { Deployment } from '../../src/model/contracts/deployment.ts';
import { decode } from '../../src/model/histogram.ts';
import type { HubbleView } from '../../src/model/contracts/hubble.ts';
import type { Reading } from '../../src/model/contracts/collector.ts';
import { system } from '../../src/system/index.ts';
import { peer, PROTOS, recordBytes, recordedFlows, serving, type Peer } from '../hubble-peer.ts';

const peers: Peer[] = [];
afterEach(() => {
  for (const each of peers.splice(0)) each.close();
});

async function observed(
  address: string,
  during: () => Promise<void> | void,
  pods = ['bench/'],
  tls?: HubbleView['tls'],
): Promise<(metric: string) => Reading | undefined> {
  const deployment = {
    hubble: { address, pods, client: pods[0] ?? '', server: pods[0] ?? '', serverAddress: '', tls },
  } as unknown as Deployment;
  const recording = await hubble.open({ deployment, generator: undefined, system, host: {} });
  await during();
  const readings = await recording.close();
  return (metric) => readings.find((reading) => reading.metric === metric);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const value = (reading: Reading | undefined) => (reading && 'value' in reading ? reading.value : reading);

/** Streams these responses once it is told to; its status counts what it sent. */
async function replaying(responses: readonly object[]): Promise<{ address: string; send: () => Promise<void> }> {
  let sent = 0;
  const calls: grpc.ServerWritableStream<object, unknown>[] = [];
  const made = await peer({
    getFlows: (call) => {
      call.sendMetadata(new grpc.Metadata());
      calls.push(call);
    },
    status: () => ({ seen_flows: String(1000 + sent), max_flows: '4095', version: 'test' }),
  });
  peers.push(made);
  const send = async () => {
    for (const response of responses) {
      for (const call of calls) call.write(response);
      if ('flow' in response) sent++;
    }
    await pause(20);
  };
  return { address: made.address, send };
}

describe('what a real Relay said', () => {
  test('one denied packet is a verdict and a drop, and counts once; the noise of a healthy cluster is not ours', async () => {
    const { address, send } = await replaying(recordedFlows('getflows-dropped-policy.jsonpb'));
    const of = await observed(address, send);
    expect(value(of('flowDenied'))).toBe(19);
    expect(value(of('flowEvents'))).toBe(38);
    expect(value(of('flowDrops'))).toBe(0);
    expect(value(of('flowsLost'))).toBe(0);
    expect(value(of('flowsMissing'))).toBe(0);
    const all = await observed(address, send, ['bench/', '/']);
    expect(value(all('flowDenied'))).toBe(19);
    expect(value(all('flowDrops'))).toBeGreaterThan(0);
  });

  test('L7 answers have the proxy’s latency; those that were not joined with a request have none', async () => {
    const { address, send } = await replaying(recordedFlows('getflows-l7-http-SYNTHETIC-INPUT.jsonpb'));
    const of = await observed(address, send);
    expect(value(of('flowHttpResponses'))).toBe(16);
    const latency = of('flowHttpLatency');
    const histogram = latency && 'histogram' in latency ? decode(latency.histogram) : undefined;
    expect(histogram?.totalCount).toBeGreaterThan(0);
    expect(histogram?.totalCount).toBeLessThanOrEqual(16);
    expect(histogram?.maxValue).toBeLessThan(60e9);
  });

  test('every kind of event of a longer recording is taken without complaint', async () => {
    const { address, send } = await replaying(recordedFlows('getflows-follow.jsonpb'));
    const of = await observed(address, send, ['bench/', 'kube-system/', '/']);
    expect(value(of('flowEvents'))).toBe(79);
    expect(value(of('flowTranslations'))).toBe(0);
  });

  test('lost events and flows that never came are told', async () => {
    const flows = recordedFlows('getflows-dropped-policy.jsonpb');
    const lost = { lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: '17' }, node_name: 'n' };
    const { address, send } = await replaying([...flows, lost]);
    expect(value((await observed(address, send))('flowsLost'))).toBe(17);
    let seen = 0;
    const forgetful = await peer({
      getFlows: (call) => call.sendMetadata(new grpc.Metadata()),
      status: () => ({ seen_flows: String((seen += 5)) }),
    });
    peers.push(forgetful);
    expect(value((await observed(forgetful.address, () => {}))('flowsMissing'))).toBe(5);
  });
});

describe('what nobody expects is data', () => {
  test('unknown verdicts, reasons and types; messages without anything in them; lost events before any flow', async () => {
    const pod = { namespace: 'bench', pod_name: 'x' };
    const { address, send } = await replaying([
      { lost_events: { source: 99, num_events_lost: '3' } },
      { node_status: { state_change: 'NODE_CONNECTED', node_names: ['n'] } },
      {},
      { flow: {} },
      { flow: { uuid: 'a', verdict: 77, source: pod, Type: 55, event_type: { type: 200, sub_type: -1 } } },
      { flow: { uuid: 'b', verdict: 'DROPPED', drop_reason_desc: 9999, source: pod, Type: 'L3_L4', event_type: { type: 1 } } },
      { flow: { uuid: 'c', verdict: 'FORWARDED', source: pod, Type: 'L7', l7: { type: 2 } } },
    ]);
    const of = await observed(address, send);
    expect(value(of('flowEvents'))).toBe(3);
    expect(value(of('flowDrops'))).toBe(1);
    expect(value(of('flowDenied'))).toBe(0);
    expect(value(of('flowsLost'))).toBe(3);
    expect(of('flowHttpResponses')).toBeUndefined();
  });
});

describe('transport', () => {
  const files = mkdtempSync(`${tmpdir()}/mt-tls-`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: files, stdio: 'ignore' });
  const read = (name: string) => readFileSync(`${files}/${name}`, 'utf8');
  const issue = (name: string) => {
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}.hubble.test`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '1',
      '-copy_extensions',
      'copy',
      '-out',
      `${name}.pem`,
    );
  };
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '1',
    '-subj',
    '/CN=ca',
  );
  issue('relay');
  issue('meshtax');

  async function overTls(demandsCertificate: boolean, own: { certificate?: string; key?: string }): Promise<unknown> {
    const pair = { private_key: Buffer.from(read('relay.key')), cert_chain: Buffer.from(read('relay.pem')) };
    const credentials = grpc.ServerCredentials.createSsl(Buffer.from(read('ca.pem')), [pair], demandsCertificate);
    const made = await peer(
      { getFlows: (call) => call.sendMetadata(new grpc.Metadata()), status: () => ({ seen_flows: '0' }) },
      credentials,
    );
    peers.push(made);
    const tls = { authority: read('ca.pem'), serverName: 'relay.hubble.test', ...own };
    return value((await observed(made.address, () => {}, ['bench/'], tls))('flowEvents'));
  }

  test('server TLS, and mutual TLS with a certificate of our own; without one a server that demands it is told of', async () => {
    expect(await overTls(false, {})).toBe(0);
    expect(await overTls(true, { certificate: read('meshtax.pem'), key: read('meshtax.key') })).toBe(0);
    expect(await overTls(true, {})).toMatchObject({ notMeasured: expect.any(String) });
  });
});

describe('peers that misbehave end in a reason', () => {
  const status = () => ({ seen_flows: '0' });
  const reason = async (behaviour: Parameters<typeof peer>[0], during: () => Promise<void> = () => pause(150)) => {
    const made = await peer(behaviour);
    peers.push(made);
    const of = await observed(made.address, during);
    const reading = of('flowEvents');
    return reading && 'notMeasured' in reading ? reading.notMeasured : value(reading);
  };

  test('nobody there', async () => {
    const of = await observed('unix:/nonexistent/hubble.sock', () => {});
    expect(of('flowEvents')).toMatchObject({ notMeasured: expect.stringMatching(/UNAVAILABLE|14/) });
  });

  test('a status that fails; a server that was restarted meanwhile', async () => {
    const taking = (call: grpc.ServerWritableStream<object, unknown>) => call.sendMetadata(new grpc.Metadata());
    expect(
      await reason({
        getFlows: taking,
        status: () => {
          throw new Error('broken');
        },
      }),
    ).toMatch(/broken/);
    let seen = 100;
    expect(await reason({ getFlows: taking, status: () => ({ seen_flows: String((seen -= 50)) }) })).toBe('the server was restarted');
  });

  test('a message too large to be a flow', async () => {
    const giant = (call: grpc.ServerWritableStream<object, unknown>) => call.write({ flow: { Summary: 'x'.repeat(3 * 1024 * 1024) } });
    expect(await reason({ getFlows: giant, status }, () => pause(50))).toMatch(/max|RESOURCE_EXHAUSTED/i);
  });

  test('a stream that ends every 100 ms: what came is counted once, the breaks are told', async () => {
    const flows = recordedFlows('getflows-dropped-policy.jsonpb').slice(0, 20);
    let at = 0;
    const made = await peer({
      getFlows: (call) => {
        call.sendMetadata(new grpc.Metadata());
        // After a break the last flow comes again, as `since` has it.
        for (const flow of flows.slice(Math.max(0, at - 1), at + 5)) call.write(flow);
        at += 5;
        setTimeout(() => call.end(), 100);
      },
      status: () => ({ seen_flows: String(Math.min(20, at)) }),
    });
    peers.push(made);
    const of = await observed(made.address, () => pause(1500), ['bench/', '/']);
    expect(value(of('flowEvents'))).toBe(20);
    expect(value(of('flowReconnects'))).toBeGreaterThanOrEqual(3);
  });

  test('an endless stream, faster than anybody reads: it is followed and left', async () => {
    const [first] = recordedFlows('getflows-dropped-policy.jsonpb').slice(5) as { flow: object }[];
    const numbered = (n: number) => ({ ...first, flow: { ...first?.flow, time: { seconds: '1700000000', nanos: n }, uuid: `u${n}` } });
    let sent = 0;
    const made = await peer({
      getFlows: (call) => {
        const pump = () => {
          while (!call.cancelled && call.write(numbered(sent))) sent++;
          if (!call.cancelled) call.once('drain', pump);
        };
        pump();
      },
      status: () => ({ seen_flows: String(sent) }),
    });
    peers.push(made);
    const of = await observed(made.address, () => pause(300), ['/', 'bench/']);
    expect(value(of('flowEvents'))).toBeGreaterThan(100);
  });
});

async function ownObserver() {
  const ring = new Ring(64);
  const listeners = new Set<() => void>();
  const pod = (name: string, address: string, id: number) => ({
    address,
    id,
    identity: 10_000 + id,
    namespace: 'ebpf-lab',
    pod: name,
    labels: [`k8s:app=${name}`],
    node: 'node-a',
    cgroup: '/nonexistent',
  });
  const names = new Names([pod('client', '10.77.1.2', 1), pod('server', '10.77.2.2', 2)], []);
  const made = await serving(
    observerServer(
      {
        ring,
        context: { names, nodes: ['node-a'], bootNs: 1_700_000_000_000_000_000n, session: '0123456789abcdef' },
        startedNs: 0n,
        onEvent: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
        rate: () => 0,
      },
      PROTOS,
    ),
  );
  peers.push(made);
  return { made, ring, tell: () => listeners.forEach((listener) => listener()), listeners };
}

test('the lab’s own observer is read by the same collector', async () => {
  const { made, ring, tell, listeners } = await ownObserver();
  const of = await observed(
    made.address,
    async () => {
      // Three connections, each seen at two points; one denied packet as verdict and drop; a translation.
      for (let i = 0; i < 3; i++) {
        const common = { timeNs: BigInt(i * 10 + 1), sourcePort: 40_000 + i };
        ring.addRecord(recordBytes({ ...common, type: 5 }), 0);
        ring.addRecord(recordBytes({ ...common, type: 4, subType: 11 }), 0);
      }
      ring.addRecord(recordBytes({ timeNs: 50n, type: 5, reason: 133, destinationPort: 1 }), 0);
      ring.addRecord(recordBytes({ timeNs: 51n, type: 1, subType: 133, reason: 133, destinationPort: 1 }), 0);
      ring.addRecord(recordBytes({ kind: 2, lost: 9 }), 0);
      tell();
      await pause(50);
    },
    ['ebpf-lab/'],
  );
  expect(value(of('flowEvents'))).toBe(8);
  expect(value(of('flowConnections'))).toBe(3);
  expect(value(of('flowDenied'))).toBe(1);
  expect(value(of('flowsLost'))).toBe(9);
  expect(value(of('flowsMissing'))).toBe(0);
  await expect.poll(() => listeners.size).toBe(0);
});

test('who reads slowly gets what the ring still holds, and is told what it missed', async () => {
  const { made, ring, tell } = await ownObserver();
  const client = observerClient({ address: made.address, pods: [], client: '', server: '', serverAddress: '' }, PROTOS);
  const stream = client.follow({ follow: true });
  await new Promise((resolve) => stream.on('metadata', resolve));
  stream.pause();
  // Far more than the ring, the sockets and both flow-control windows hold.
  for (let i = 0; i < 20_000; i++) {
    ring.addRecord(recordBytes({ timeNs: BigInt(i + 1) }), 0);
    if (i % 50 === 0) {
      tell();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  let flows = 0;
  let lost = 0;
  stream.on('data', (response: FlowsResponse) => {
    if (response.flow) flows++;
    lost += response.lost_events?.num_events_lost ?? 0;
  });
  stream.on('error', () => {}); // it is cancelled below
  stream.resume();
  await expect.poll(() => flows + lost, { timeout: 5000 }).toBe(20_000);
  expect(lost).toBeGreaterThan(1000);
  stream.cancel();
  client.close();
});
