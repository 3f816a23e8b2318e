import { describe, expect, test } from 'vitest';
import { matcherOf, selects, type FlowFilter } from '../../../src/clusters/lab/observer/filter.ts';
import { flowOf, type FlowContext, type FlowMessage } from '../../../src/clusters/lab/observer/flow.ts';
import { Reading, type Wanted } from '../../../src/clusters/lab/observer/follow.ts';
import { Names } from '../../../src/clusters/lab/observer/names.ts';
import { Ring, type HttpEvent } from '../../../src/clusters/lab/observer/ring.ts';
import { recordBytes, type RecordShape } from '../../hubble-peer.ts';

const pod = (name: 'client' | 'server', address: string) => ({
  address,
  id: 100,
  identity: 10_001,
  namespace: 'arm',
  pod: name,
  labels: [`k8s:app=${name}`, 'k8s:tier=test'],
  node: name === 'client' ? 'node-a' : 'node-b',
  cgroup: '/nonexistent',
});
const context: FlowContext = {
  names: new Names(
    [pod('client', '10.77.1.2'), pod('server', '10.77.2.2')],
    [{ address: '10.96.0.10', port: 80, namespace: 'arm', name: 'web' }],
  ),
  nodes: ['node-a', 'node-b'],
  bootNs: 1_000_000_000n,
  session: '0123456789abcdef',
};

function flow(shape: RecordShape): FlowMessage {
  const ring = new Ring(4);
  ring.addRecord(recordBytes(shape), 0);
  return flowOf(ring.at(0) as Exclude<ReturnType<Ring['at']>, { kind: 'lost' }>, 0, context).flow;
}

describe('events as flows', () => {
  test('a packet on its way out, and the answer to it', () => {
    expect(flow({ timeNs: 2_500_000_000n, type: 4, subType: 11, direction: 0, state: 0, tcpFlags: 2 })).toMatchObject({
      time: { seconds: '3', nanos: 500_000_000 },
      verdict: 'FORWARDED',
      Type: 'L3_L4',
      node_name: 'lab/node-a',
      traffic_direction: 'EGRESS',
      trace_observation_point: 11,
      is_reply: { value: false },
      ethernet: { destination: '0a:0b:0c:0d:0e:0f', source: '01:02:03:04:05:06' },
      IP: { source: '10.77.1.2', destination: '10.77.2.2' },
      l4: { TCP: { source_port: 40_000, destination_port: 8080, flags: { SYN: true } } },
      source: { pod_name: 'client', namespace: 'arm', identity: 10_001 },
      destination: { pod_name: 'server' },
      Summary: 'TCP Flags: SYN',
    });
    const reply = flow({
      map: 1,
      type: 4,
      subType: 0,
      direction: 0,
      state: 2,
      tcpFlags: 0x12,
      source: '10.77.2.2',
      destination: '10.77.1.2',
    });
    expect(reply).toMatchObject({
      node_name: 'lab/node-b',
      traffic_direction: 'INGRESS', // of the connection: it leaves the pod that was connected to
      trace_observation_point: 101,
      is_reply: { value: true },
      Summary: 'TCP Flags: SYN, ACK',
    });
  });

  test('a denied packet; a point before conntrack; a translated socket; an address of nobody', () => {
    const denied = flow({ type: 1, subType: 133, reason: 133, direction: 1 });
    expect(denied).toMatchObject({ verdict: 'DROPPED', drop_reason: 133, drop_reason_desc: 133, event_type: { type: 1, sub_type: 133 } });
    expect(denied.is_reply).toBeUndefined();
    expect(flow({ type: 4, subType: 10 }).is_reply).toBeUndefined();
    const socket = flow({ type: 7, subType: 1, destination: '10.96.0.10', destinationPort: 80, cookie: 77n, source: '0.0.0.0' });
    expect(socket).toMatchObject({
      Type: 'SOCK',
      verdict: 'TRACED',
      destination_service: { name: 'web', namespace: 'arm' },
      socket_cookie: '77',
      sock_xlate_point: 1,
    });
    expect(flow({ type: 7, subType: 2 }).verdict).toBe('TRANSLATED');
    expect(flow({ type: 4, destination: '1.1.1.1' }).destination).toEqual({ identity: 10_002, labels: ['reserved:world'] });
  });
});

describe('the ring', () => {
  test('keeps the last, counts all, and never grows', () => {
    const ring = new Ring(8);
    for (let i = 0; i < 100; i++) ring.addRecord(recordBytes({ timeNs: BigInt(i) }), 0);
    ring.addRecord(recordBytes({ kind: 2, lost: 5 }), 0);
    expect([ring.oldest, ring.end, ring.seen]).toEqual([93, 101, 100]);
    expect(() => ring.at(92)).toThrow(RangeError);
    expect(ring.at(100)).toMatchObject({ kind: 'lost', count: 5 });
    expect(ring.at(99)).toMatchObject({ kind: 'packet', notification: { timeNs: 99n } });
  });

  const wanted = (change: Partial<Wanted>): Wanted => ({
    number: 0,
    first: false,
    follow: false,
    sinceNs: undefined,
    untilNs: undefined,
    matches: () => true,
    ...change,
  });
  const filled = () => {
    const ring = new Ring(64);
    for (let i = 0; i < 20; i++) ring.addRecord(recordBytes({ timeNs: BigInt(i), destinationPort: i % 2 === 0 ? 80 : 443 }), 0);
    return ring;
  };
  const times = (ring: Ring, change: Partial<Wanted>) => {
    const reading = new Reading(ring, context, wanted(change));
    const found: number[] = [];
    for (let message = reading.next(); message; message = reading.next()) if ('flow' in message) found.push(message.flow.time.nanos);
    return found;
  };

  test('number, first, since, until and follow are what hubble means by them', () => {
    const ring = filled();
    expect(times(ring, {})).toHaveLength(20);
    expect(times(ring, { number: 3 })).toEqual([17, 18, 19]);
    expect(times(ring, { number: 3, matches: ({ l4 }) => l4.TCP?.destination_port === 80 })).toEqual([14, 16, 18]);
    expect(times(ring, { number: 3, first: true })).toEqual([0, 1, 2]);
    expect(times(ring, { sinceNs: 1_000_000_015n, untilNs: 1_000_000_017n })).toEqual([15, 16, 17]);
    expect(times(ring, { follow: true })).toEqual([]);
    expect(times(ring, { follow: true, number: 2 })).toEqual([18, 19]);
  });

  test('who reads too slowly is told how much was overwritten', () => {
    const ring = new Ring(8);
    const reading = new Reading(ring, context, wanted({ follow: true }));
    for (let i = 0; i < 20; i++) ring.addRecord(recordBytes({ timeNs: BigInt(i) }), 0);
    expect(reading.next()).toMatchObject({ lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: '12' } });
    expect(reading.next()).toMatchObject({ flow: { time: { nanos: 12 } } });
    expect(reading.isOver).toBe(false);
  });
});

describe('filters', () => {
  const empty = Object.fromEntries(
    ['source_pod', 'destination_pod', 'verdict', 'protocol', 'http_path'].map((field) => [field, []]),
  ) as unknown as FlowFilter;
  const http: HttpEvent = {
    half: 'response',
    timeNs: 5n,
    latencyNs: 3_200_000n,
    reporter: 'server',
    method: 'GET',
    url: 'http://web.arm/hello?x=1',
    protocol: 'HTTP/1.1',
    code: 503,
    requestId: 'r',
    source: { address: '10.77.1.2', port: 40_000 },
    destination: { address: '10.77.2.2', port: 8080 },
  };
  const answer = flowOf({ kind: 'http', http }, 0, context).flow;
  const syn = flow({ tcpFlags: 2 });
  const match = (filter: Partial<FlowFilter>, of: FlowMessage) => matcherOf({ whitelist: [{ ...empty, ...filter }], blacklist: [] })(of);

  test('every field that the hubble CLI sets', () => {
    expect(answer.Summary).toBe('HTTP/1.1 503 3ms (GET http://web.arm/hello?x=1)');
    expect(match({ source_pod: ['arm/cli'] }, syn)).toBe(true);
    expect(match({ source_pod: ['arm/'] }, syn)).toBe(true);
    expect(match({ source_pod: ['client'] }, syn)).toBe(false); // the default namespace
    expect(match({ destination_pod: ['arm/server'], source_pod: ['arm/server'] }, syn)).toBe(false);
    expect(match({ verdict: ['DROPPED'] }, flow({ type: 1, reason: 133 }))).toBe(true);
    expect(match({ event_type: [{ type: 4, match_sub_type: true, sub_type: 11 }] }, flow({ type: 4, subType: 0 }))).toBe(false);
    expect(match({ event_type: [{ type: 4, match_sub_type: false, sub_type: 11 }] }, flow({ type: 4, subType: 0 }))).toBe(true);
    expect(match({ protocol: ['http'] }, answer)).toBe(true);
    expect(match({ protocol: ['TCP'] }, syn)).toBe(true);
    expect(match({ http_status_code: ['5+'], http_method: ['get'], http_path: ['^/hello'] }, answer)).toBe(true);
    expect(match({ http_status_code: ['200'] }, answer)).toBe(false);
    expect(match({ destination_port: ['8080'], source_port: ['40000'] }, syn)).toBe(true);
    expect(match({ source_ip: ['10.77.0.0/16'], destination_ip: ['10.77.2.2'] }, syn)).toBe(true);
    expect(match({ source_ip: ['10.78.0.0/16'] }, syn)).toBe(false);
    expect(match({ tcp_flags: [{ SYN: true, ACK: false }] }, syn)).toBe(true);
    expect(match({ node_name: ['node-a'] }, syn)).toBe(true);
    expect(match({ node_name: ['lab/'] }, syn)).toBe(true);
    expect(match({ node_name: ['other/*'] }, syn)).toBe(false);
    expect(match({ reply: [false], traffic_direction: ['EGRESS'], ip_version: ['IPv4'], source_identity: [10_001] }, syn)).toBe(true);
    expect(match({ dns_query: ['.*'] }, syn)).toBe(false);
    expect(matcherOf({ whitelist: [], blacklist: [{ ...empty, protocol: ['tcp'] }] })(syn)).toBe(false);
    expect(matcherOf({ whitelist: [], blacklist: [] })(syn)).toBe(true);
    expect(() => match({ http_path: ['('] }, answer)).toThrow(SyntaxError);
  });

  test('label selectors', () => {
    const labels = ['k8s:app=client', 'k8s:tier=test'];
    for (const yes of [
      'app=client',
      'k8s:app=client',
      'app',
      'app==client,tier',
      'app!=server',
      '!gone',
      'app in (a, client)',
      'tier notin (x)',
    ])
      expect(selects(yes, labels), yes).toBe(true);
    for (const no of ['app=server', 'gone', '!app', 'app in (a,b)', 'app=client,tier=prod', 'a b', ''])
      expect(selects(no, labels), no).toBe(false);
  });
});
