/** The Hubble collector against what a real Relay said, and against the lab's own observer. */
import grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { Names } from '../../src/clusters/lab/observer/names.ts';
import { Ring } from '../../src/clusters/lab/observer/ring.ts';
import { observerServer } from '../../src/clusters/lab/observer/server.ts';
import { observerClient, type FlowsResponse } from '../../src/collectors/hubble/client.ts';
import { decode } from '../../src/model/histogram.ts';
import { observed, pause, peer, PROTOS, recordBytes, recordedFlows, serving, value, type Peer } from '../hubble-peer.ts';

const peers: Peer[] = [];
afterEach(() => {
  for (const each of peers.splice(0)) each.close();
});

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
        settled: async () => {},
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
  const client = observerClient({ address: made.address, pods: [], client: '', serverAddress: '' }, PROTOS);
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
