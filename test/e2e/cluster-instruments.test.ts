/**
 * The lab's two collectors, unchanged, on a real kubelet and a real Hubble Relay. Needs a cluster with Cilium and an image
 * that has Node: MESHTAX_TEST_KUBECONFIG=… [MESHTAX_TEST_IMAGE=node:24-slim] npx vitest run --project e2e cluster-instruments
 */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cadvisor } from '../../src/collectors/cadvisor.ts';
import { hubble } from '../../src/collectors/hubble.ts';
import type { CadvisorView } from '../../src/model/contracts/cadvisor.ts';
import type { Reading } from '../../src/model/contracts/collector.ts';
import type { Deployment } from '../../src/model/contracts/deployment.ts';
import { parseExposition } from '../../src/model/exposition.ts';
import { system } from '../../src/system/index.ts';

const KUBECONFIG = process.env['MESHTAX_TEST_KUBECONFIG'];
const IMAGE = process.env['MESHTAX_TEST_IMAGE'] ?? 'node:24-slim';
const NAMESPACE = 'meshtax-instruments';
const RELAY_PORT = 14_245;
/** The kubelet samples every 10 to 20 s. */
const WINDOW_S = 75;
const CONNECTIONS = 100;
const DENIED = 3;

const kubectl = async (...args: string[]) => (await execa('kubectl', args, { env: { KUBECONFIG } })).stdout;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const SERVER = `require('http').createServer((q, r) => { for (const end = Date.now() + 5; Date.now() < end;); r.end('ok') }).listen(8080)`;
/** A fresh connection a request, spread over a minute; then some that no policy allows. */
const CLIENT = `
const [host] = process.argv.slice(1);
const http = require('http'), net = require('net');
let done = 0;
const next = (i) => i < ${CONNECTIONS} && http.get({ host, port: 8080, agent: false }, (r) => { r.resume(); r.on('end', () => { done++; setTimeout(next, 500, i + 1) }) });
next(0);
for (let i = 0; i < ${DENIED}; i++) { const s = net.connect(9090, host); s.setTimeout(900, () => s.destroy()); s.on('error', () => {}); }
process.on('exit', () => console.log(done));
`;

function manifests(nodes: readonly string[]): string {
  const pod = (name: string, node: string, command: readonly string[]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { app: name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: `${name}-app`, image: IMAGE, imagePullPolicy: 'IfNotPresent', command }],
    },
  });
  const policy = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'only-8080', namespace: NAMESPACE },
    spec: {
      endpointSelector: { matchLabels: { app: 'server' } },
      ingress: [{ fromEndpoints: [{ matchLabels: { app: 'client' } }], toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }] }],
    },
  };
  const [first = '', second = first] = nodes;
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    pod('client', first, ['node', '-e', 'setInterval(() => {}, 1000)']),
    pod('server', second, ['node', '-e', SERVER]),
    policy,
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

describe.skipIf(KUBECONFIG === undefined)('on a real cluster', () => {
  let nodes: string[] = [];
  let serverAddress = '';
  let stopForwarding = () => {};

  beforeAll(async () => {
    nodes = (await kubectl('get', 'nodes', '-o', 'name')).split('\n').map((name) => name.replace('node/', ''));
    await execa('kubectl', ['apply', '-f', '-'], { env: { KUBECONFIG }, input: manifests(nodes) });
    await kubectl('wait', '-n', NAMESPACE, '--for=condition=Ready', 'pod/client', 'pod/server', '--timeout=90s');
    serverAddress = await kubectl('get', '-n', NAMESPACE, 'pod', 'server', '-o', 'jsonpath={.status.podIP}');
    const forward = execa('kubectl', ['port-forward', '-n', 'kube-system', 'svc/hubble-relay', `${RELAY_PORT}:80`], {
      env: { KUBECONFIG },
      reject: false,
    });
    stopForwarding = () => void forward.kill();
    await pause(25_000); // the first cAdvisor rows of a new pod take a while
  }, 180_000);
  afterAll(async () => {
    stopForwarding();
    await kubectl('delete', 'namespace', NAMESPACE, '--wait=false');
  });

  const raw = (node: string) => kubectl('get', '--raw', `/api/v1/nodes/${node}/proxy/metrics/cadvisor`);

  test('one window of each, beside kubectl and the hubble CLI', { timeout: 240_000 }, async () => {
    const view = (pod: 'client' | 'server', node: string): CadvisorView => ({
      source: { where: '', housekeepingMs: 10_000, clockErrorMs: 50, scrape: () => raw(node) },
      containers: [{ role: pod === 'server' ? 'server-app' : 'generator', namespace: NAMESPACE, pod, container: `${pod}-app` }],
      pods: [{ name: pod, namespace: NAMESPACE, pod }],
    });
    const deployment = {
      cadvisor: [view('client', nodes[0] ?? ''), view('server', nodes[1] ?? nodes[0] ?? '')],
      hubble: {
        address: `127.0.0.1:${RELAY_PORT}`,
        pods: [`${NAMESPACE}/`],
        client: `${NAMESPACE}/client`,
        serverAddress,
      },
    } as unknown as Deployment;
    const scope = { deployment, generator: undefined, system, host: {} };

    const [cpu, flows] = [await cadvisor.open(scope), await hubble.open(scope)];
    const since = new Date().toISOString();
    const used = async () => Number(await kubectl('exec', '-n', NAMESPACE, 'server', '--', 'cat', '/sys/fs/cgroup/cpuacct/cpuacct.usage'));
    const [before, started] = [await used(), Date.now()];
    const answered = await kubectl('exec', '-n', NAMESPACE, 'client', '--', 'node', '-e', CLIENT, serverAddress);
    await pause(Math.max(0, WINDOW_S * 1000 - (Date.now() - started)));
    const usedNs = (await used()) - before;
    const seen = await flows.close();
    const until = new Date().toISOString();
    const measured = await cpu.close();

    const value = (readings: readonly Reading[], metric: string, component?: string) =>
      readings.find((reading) => reading.metric === metric && (component === undefined || reading.component === component));
    const serverCpu = value(measured, 'cpu', 'server-app');
    const last = parseExposition(await raw(nodes[1] ?? '')).samples.find(
      ({ name, labels }) =>
        name === 'container_cpu_usage_seconds_total' && labels['container'] === 'server-app' && labels['namespace'] === NAMESPACE,
    );
    const cli = (
      await execa('hubble', [
        '--server',
        `127.0.0.1:${RELAY_PORT}`,
        'observe',
        '--since',
        since,
        '--until',
        until,
        '--namespace',
        NAMESPACE,
        '-o',
        'json',
      ])
    ).stdout
      .split('\n')
      .filter((line) => line.includes('"flow"'));
    // The window itself, for who runs this by hand to read.
    process.stdout.write(
      JSON.stringify(
        { answered, serverCpu, cgroupInsideThePodNs: usedNs, lastRow: last, measured, seen, hubbleCliFlows: cli.length },
        null,
        1,
      ),
    );

    expect(Number(answered)).toBe(CONNECTIONS);
    expect(serverCpu).toMatchObject({ range: expect.any(Array) });
    const { range } = serverCpu as { range: [number, number] };
    expect(usedNs).toBeGreaterThan(range[0] * 0.95);
    expect(usedNs).toBeLessThan(range[1] * 1.05);
    expect(value(seen, 'flowConnections')).toMatchObject({ value: CONNECTIONS });
    expect(value(seen, 'flowsLost')).toMatchObject({ value: 0 });
    const count = (metric: string) => (value(seen, metric) as { value: number }).value;
    expect(count('flowDenied')).toBeGreaterThanOrEqual(DENIED);
    expect(Math.abs(count('flowEvents') - cli.length)).toBeLessThanOrEqual(2); // the edges
  });
});
