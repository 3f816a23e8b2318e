import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  endpointInfo,
  ipcacheKey,
  ipv4,
  policyAllow,
  policyKey,
  serviceEntry,
  serviceKey,
  u32,
} from '../../../src/datapaths/ebpf/encode.ts';
import { interceptionRules } from '../../../src/datapaths/envoy/interception.ts';
import { fillShape } from '../../../src/datapaths/shape.ts';
import { kubeProxyRules } from '../../../src/datapaths/kube-proxy-rules.ts';

describe('kube-proxy layout', () => {
  const ours = { name: 'OURS80', address: '10.96.0.10', port: 80, endpoint: { address: '10.77.2.2', port: 8080 } };
  test('our service comes after all others in KUBE-SERVICES', () => {
    const lines = kubeProxyRules([ours], 1000).split('\n');
    const services = lines.filter((line) => line.startsWith('-A KUBE-SERVICES'));
    expect(services).toHaveLength(1001);
    expect(services.at(-1)).toContain('-d 10.96.0.10/32');
    expect(new Set(services).size).toBe(1001);
    expect(lines).toContain(
      '-A KUBE-SEP-OURS80 -p tcp -m comment --comment "default/OURS80" -m tcp -j DNAT --to-destination 10.77.2.2:8080',
    );
  });
  test('every chain that is jumped to is declared', () => {
    const text = kubeProxyRules([ours], 3);
    const declared = new Set([...text.matchAll(/^:(\S+)/gm)].map((match) => match[1]));
    const builtIn = new Set(['ACCEPT', 'DROP', 'RETURN', 'DNAT', 'MARK', 'MASQUERADE']);
    for (const [, target = ''] of text.matchAll(/-j (\S+)/g)) expect(builtIn.has(target) || declared.has(target)).toBe(true);
  });
});

test("istio-iptables' order: the proxy's own traffic leaves before the redirect", () => {
  const output = interceptionRules(1337)
    .split('\n')
    .filter((line) => line.startsWith('-A ISTIO_OUTPUT'));
  expect(output.map((line) => line.replace('-A ISTIO_OUTPUT ', ''))).toEqual([
    '-o lo -s 127.0.0.6/32 -j RETURN',
    '-o lo ! -d 127.0.0.1/32 -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT',
    '-o lo -m owner ! --uid-owner 1337 -j RETURN',
    '-m owner --uid-owner 1337 -j RETURN',
    '-o lo ! -d 127.0.0.1/32 -p tcp -m tcp ! --dport 15008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT',
    '-o lo -m owner ! --gid-owner 1337 -j RETURN',
    '-m owner --gid-owner 1337 -j RETURN',
    '-d 127.0.0.1/32 -j RETURN',
    '-j ISTIO_REDIRECT',
  ]);
});

describe('shapes', () => {
  test('a value is placed whole: it can never become structure or another placeholder', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(fillShape('a: $value\nb: [x, $value]\n', { value })).toEqual({ a: value, b: ['x', value] });
      }),
    );
  });
  test('null drops an optional part, a missing value is a bug', () => {
    expect(fillShape('a: $gone\nb: 1\n', { gone: null })).toEqual({ b: 1 });
    expect(() => fillShape('a: $unknown\n', {})).toThrow(/\$unknown/);
  });
});

describe('eBPF map bytes', () => {
  test('sizes are those of the structs in clusters/lab/bpf/types.h', () => {
    expect(ipcacheKey('10.77.1.2')).toHaveLength(8);
    expect(policyKey({ endpoint: 1, identity: 2, direction: 'egress', port: 80 })).toHaveLength(16);
    expect(policyAllow).toHaveLength(24);
    expect(endpointInfo({ ifindex: 1, id: 2, identity: 3, podMac: '02:00:00:00:00:01', nodeMac: '02:00:00:00:00:02' })).toHaveLength(24);
    expect(serviceKey({ address: '10.96.0.10', port: 80, slot: 0 })).toHaveLength(12);
    expect(serviceEntry({ backendId: 1, count: 1 })).toHaveLength(8);
  });
  test('addresses and ports in network order, integers in host order', () => {
    expect(ipv4('10.77.1.2')).toEqual([10, 77, 1, 2]);
    expect(policyKey({ endpoint: 0x01020304, identity: 0, direction: 'ingress', port: 0x1f90 }).slice(4)).toEqual([
      4, 3, 2, 1, 0, 0, 0, 0, 1, 6, 0x1f, 0x90,
    ]);
    expect(u32(1)).toEqual([1, 0, 0, 0]);
    expect(() => ipv4('10.77.1')).toThrow(/not an IPv4/);
    expect(() => ipv4('10.77.1.300')).toThrow(/not an IPv4/);
  });
});
