/** What tcpdump writes, however it is cut. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, deviceOf, filterOf, PacketCount } from '../../../../src/clusters/kubernetes/node-agent/capture.ts';
import { echoMessage } from '../../../../src/model/echo-message.ts';

function pcap(packets: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  return Buffer.concat([
    head,
    ...packets.flatMap((packet) => {
      const own = Buffer.alloc(16);
      own.writeUInt32LE(packet.length, 8);
      own.writeUInt32LE(packet.length, 12);
      return [own, packet];
    }),
  ]);
}

describe('packets of a capture', () => {
  const pods = ['10.0.0.1', '10.0.1.1'] as const;
  const ofPods = (payload: Uint8Array) => Buffer.concat([Buffer.from('head'), ...pods.map(bytesOf), payload]);
  const foreign = Buffer.from('xyz GET / HTTP/1.1\r\nhost: server\r\n\r\n');
  const request = ofPods(foreign);
  const noise = Buffer.from([...Array.from({ length: 300 }).keys()].map((index) => (index * 37) % 256));
  test('requests and answers of both protocols are found; what is not ours is not', () => {
    const count = new PacketCount(pods);
    count.push(pcap([request, noise, ofPods(echoMessage(16)), ofPods(Buffer.from('xxxxxxx')), foreign, Buffer.alloc(0)]));
    expect([count.packets, count.readable]).toEqual([6, 2]);
  });
  test('the same wherever the stream is cut', () => {
    const whole = pcap([request, noise, request, noise]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 12 }), (cuts) => {
        const count = new PacketCount(pods);
        const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        for (let index = 1; index < places.length; index++) count.push(whole.subarray(places[index - 1], places[index]));
        expect([count.packets, count.readable]).toEqual([4, 2]);
      }),
    );
  });
  test('something else than packets is refused', () =>
    expect(() => new PacketCount(pods).push(Buffer.from('tcpdump: permission denied, and more'))).toThrow(/something else/));
});

test('the filter lets pods through as they are, and wrapped between their nodes', () =>
  expect(filterOf({ pods: ['10.0.0.1', '10.0.1.1'], nodes: ['192.0.2.1', '192.0.2.2'] })).toBe(
    '(host 10.0.0.1 and host 10.0.1.1) or ((host 192.0.2.1 and host 192.0.2.2) and not tcp)',
  ));

test('addresses as packets hold them', () => {
  expect([...bytesOf('10.0.1.255')]).toEqual([10, 0, 1, 255]);
  expect(bytesOf('fd00::1:2a').toString('hex')).toBe('fd00000000000000000000000001002a');
  expect(bytesOf('::1').toString('hex')).toBe(`${'0'.repeat(31)}1`);
});

test('the device that leads to the other node', () => {
  expect(deviceOf('10.200.0.12 dev eth0 src 10.200.0.11 uid 0 \\    cache ')).toBe('eth0');
  expect(deviceOf('RTNETLINK answers: Network is unreachable')).toBeUndefined();
});
