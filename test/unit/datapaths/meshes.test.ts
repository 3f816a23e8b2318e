/** What meshes say of themselves, as recorded from real ones. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ambientCounters } from '../../../src/datapaths/kubernetes/ambient.ts';
import { factsOf, isRedirected, isTuned, packetsIn, type AgentStatus, type PolicyEntry } from '../../../src/datapaths/kubernetes/cilium.ts';
import { readMeshConfig } from '../../../src/datapaths/kubernetes/istio.ts';
import { jsonPart, sidecarFacts } from '../../../src/datapaths/kubernetes/sidecar-facts.ts';
import { countersOn } from '../../../src/datapaths/istio-sidecar.ts';
import { parseExposition } from '../../../src/model/exposition.ts';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8');
const page = (text: string) => parseExposition(text);

describe('Istio', () => {
  test('what a sidecar is set to, read from its own configuration', () => {
    const facts = sidecarFacts(fixture('istio/config-dump.json'), fixture('istio/server-info.json'), 'web.bench.svc');
    expect(facts).toMatchObject({ envoyVersion: '1.38.3', retries: 2, circuitBreakers: 'unlimited', accessLog: 'off', tracing: '1 %' });
  });

  test('without a route to the service there is no retry to tell of', () => {
    expect(sidecarFacts(fixture('istio/config-dump.json'), '{}', 'another.svc')).toMatchObject({
      retries: 0,
      circuitBreakers: 'none',
      workers: null,
    });
  });

  test('Envoy’s counters where Istio’s filters are off: requests on both sides, TLS on the server’s', () => {
    expect(countersOn(page(fixture('istio/stats-client.txt')), 'client', false)).toEqual({ clientProxyRequests: 10 });
    expect(countersOn(page(fixture('istio/stats-server.txt')), 'server', false)).toEqual({
      serverProxyRequests: 10,
      serverPlaintext: 0,
      serverTls: 1,
    });
  });

  test('Istio’s own counters: each side by its reporter, plaintext told apart', () => {
    const text = `istio_requests_total{reporter="source",connection_security_policy="unknown"} 7
istio_requests_total{reporter="destination",connection_security_policy="mutual_tls"} 6
istio_requests_total{reporter="destination",connection_security_policy="none"} 1
`;
    expect(countersOn(page(text), 'client', true)).toEqual({ clientProxyRequests: 7 });
    expect(countersOn(page(text), 'server', true)).toEqual({ serverProxyRequests: 7, serverPlaintext: 1, serverTls: 6 });
  });

  test('whether Istio counts requests is in its mesh configuration', () => {
    expect(readMeshConfig('defaultConfig:\n  discoveryAddress: x\nenablePrometheusMerge: true\n')).toEqual({
      countsRequests: false,
      accessLog: false,
    });
    expect(readMeshConfig('defaultProviders:\n  metrics:\n  - prometheus\nenablePrometheusMerge: true\n').countsRequests).toBe(true);
    expect(readMeshConfig('accessLogFile: /dev/stdout\n').accessLog).toBe(true);
  });

  test('log lines before an answer are no answer', () => {
    expect(jsonPart('2026-11-21 INFO GOMEMLIMIT {x}\n{"a": 1}\n')).toBe('{"a": 1}\n');
    expect(jsonPart('nothing')).toBe('{}');
  });

  test('ztunnel: connections of our namespace’s clients, plaintext apart', () => {
    const line = (namespace: string, policy: string, value: number) =>
      `istio_tcp_connections_opened_total{reporter="source",source_workload_namespace="${namespace}",connection_security_policy="${policy}"} ${value}\n`;
    const text = line('ours', 'mutual_tls', 8) + line('ours', 'unknown', 2) + line('theirs', 'mutual_tls', 100);
    expect(ambientCounters(page(text), 'ours')).toEqual({ ztunnelConnections: 8, ztunnelPlaintext: 2 });
  });
});

describe('Cilium', () => {
  const status = JSON.parse(fixture('cilium/status.json')) as AgentStatus;

  test('how an agent says that it forwards', () => {
    const facts = factsOf([status, status]);
    expect(facts).toMatchObject({
      routing: 'tunnel vxlan',
      hostRouting: 'BPF',
      masquerading: 'BPF',
      kubeProxyReplacement: 'True',
      encryption: 'Disabled',
      ready: true,
    });
    expect(isTuned(facts)).toBe(false);
    expect(isTuned({ ...facts, routing: 'native' })).toBe(true);
  });

  test('agents that differ are told, not averaged; none is not ready', () => {
    const other: AgentStatus = { ...status, encryption: { mode: 'Wireguard' } };
    expect(factsOf([status, other]).encryption).toBe('Disabled | Wireguard');
    expect(factsOf([]).ready).toBe(false);
  });

  test('packets that a policy map let in: directions apart, what is not counted left out', () => {
    const entry = (direction: number, packets: number) => ({ Packets: packets, Key: { TrafficDirection: direction } });
    expect(packetsIn([entry(0, 110), entry(0, 2 ** 64), entry(1, 50)])).toBe(110);
  });

  test('what a policy hands to a proxy is told by its own entry', () => {
    const real = JSON.parse(fixture('cilium/policy.json')) as PolicyEntry[];
    expect(real.map(isRedirected)).toEqual(real.map(() => false));
    expect(Object.keys(real[0] ?? {})).toContain('ProxyPortNetwork');
    expect(([{ ProxyPortNetwork: 4242 }, { ProxyPort: 15001 }, {}] as PolicyEntry[]).map(isRedirected)).toEqual([true, true, false]);
  });
});
