/** Real runs in the real lab: namespaces, Envoy, eBPF. Needs root. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Analysis } from '../../src/analysis/analyse.ts';
import type { RunRecord, TrialRecord } from '../../src/model/records.ts';
import { inventory, leftSince, meshtax, SHORT, TIMING_CODES, workspace, type Workspace } from './machine.ts';

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(() => space.remove());

async function run(spec: string): Promise<{ stdout: string; trials: TrialRecord[]; path: string }> {
  const file = await space.write('e.yaml', spec);
  const { exitCode, stdout, stderr } = await meshtax(['run', file, '--results', space.results, '--progress', 'plain']);
  expect(stderr).not.toContain('could not undo');
  expect(exitCode === 0 || exitCode === 4 ? '' : stderr).toBe('');
  const path = /^run: (.+)$/m.exec(stdout)?.[1] ?? '';
  // A host that stood still makes the run measure a window again: those are beside the point here.
  const trials = readdirSync(`${path}/trials`)
    .map((name) => JSON.parse(readFileSync(`${path}/trials/${name}/trial.json`, 'utf8')) as TrialRecord)
    .filter((trial) => !trial.superseded);
  return { stdout, trials, path };
}

function expectNothingWrong(trials: readonly TrialRecord[]): void {
  const wrong = trials.flatMap((trial) =>
    trial.findings
      .filter((each) => each.level === 'error' && !TIMING_CODES.includes(each.code))
      .map((each) => `${trial.id} ${each.detail}`),
  );
  expect(wrong).toEqual([]);
}

/** Each counter that must equal the requests does, to the last one. */
function expectExact(trials: readonly TrialRecord[], arm: string, counters: readonly string[]): void {
  const own = trials.filter((trial) => trial.arm === arm);
  expect(own.length).toBeGreaterThan(0);
  for (const trial of own) {
    const sent = trial.result.arms[0]?.sent;
    expect(sent).toBeGreaterThan(50);
    for (const counter of counters) expect(`${counter} ${trial.path.moved[counter]}`).toBe(`${counter} ${sent}`);
    expect(trial.path.exact).toBe(true);
  }
}

test('every datapath with both protocols: every request is counted by its own datapath, and nothing is left', async () => {
  const before = await inventory();
  const { stdout, trials, path } = await run(SHORT);
  expect(trials).toHaveLength(16);
  expectNothingWrong(trials);
  expectExact(trials, 'envoy-sidecar', ['clientProxyRequests', 'serverProxyRequests']);
  expectExact(trials, 'ebpf-lab', ['ebpfRequestsEgress', 'ebpfRequestsIngress']);
  for (const component of ['generator', 'server-app', 'client-proxy', 'server-proxy']) {
    const measure = trials
      .find((trial) => trial.arm === 'envoy-sidecar')
      ?.measures.find((each) => each.metric === 'cpu' && each.component === component);
    expect(measure?.value).toBeGreaterThan(1e6);
  }
  const programs = trials.find((trial) => trial.arm === 'ebpf-lab')?.measures.filter((each) => each.metric === 'bpfRuns') ?? [];
  expect(programs.reduce((sum, each) => sum + each.value, 0)).toBeGreaterThan(400);
  expect(stdout).toContain('envoy-sidecar');
  expect(await leftSince(before)).toEqual([]);

  expect((await meshtax(['verify', path])).exitCode).toBe(0);
  const html = await meshtax(['report', path, '--format', 'html']);
  expect(html.stdout).toContain('<svg role="img"');
  const json = JSON.parse((await meshtax(['report', path, '--format', 'json'])).stdout) as { analysis: Analysis };
  expect(json.analysis.comparisons.map((each) => each.workload)).toEqual(['http-echo', 'grpc-unary']);
});

test('same node, mutual TLS, one-sided sidecars, capacity and the reference gRPC client', async () => {
  const before = await inventory();
  const { trials } = await run(`name: variants
cluster: { id: lab, placement: same-node }
datapaths:
  - direct
  - { id: envoy-sidecar, name: mtls, tls: mtls, concurrency: 1 }
  - { id: envoy-sidecar, name: client-side, sides: client, concurrency: 1 }
  - { id: envoy-sidecar, name: server-side, sides: server, concurrency: 1 }
  - ebpf-lab
workloads: [http-echo]
loads:
  - { loop: open, rate: 300/s, duration: 500ms, warmup: 100ms, connections: 2 }
  - { loop: closed, duration: 500ms, warmup: 100ms, connections: 2 }
statistics: { blocks: 2, stop: fixed, cpu: false, blocksPerDeployment: 2 }
`);
  expect(trials).toHaveLength(20);
  expectNothingWrong(trials);
  const open = trials.filter((trial) => trial.load.startsWith('open'));
  expectExact(open, 'mtls', ['clientProxyRequests', 'serverProxyRequests']);
  expectExact(open, 'client-side', ['clientProxyRequests']);
  expectExact(open, 'server-side', ['serverProxyRequests']);
  expectExact(open, 'ebpf-lab', ['ebpfRequestsEgress']);
  const closed = trials.filter((trial) => trial.load.startsWith('closed'));
  for (const trial of closed) expect(trial.result.achievedRatePerSecond).toBeGreaterThan(500);

  const grpc = await run(`name: conformance
datapaths: [direct, envoy-sidecar]
workloads: [grpc-unary]
loads: [{ loop: open, rate: 200/s, duration: 500ms, warmup: 200ms, connections: 2, grpcEngine: grpc-js }]
statistics: { blocks: 2, stop: fixed, cpu: false, blocksPerDeployment: 1 }
`);
  expectExact(grpc.trials, 'envoy-sidecar', ['clientProxyRequests', 'serverProxyRequests']);
  expect(await leftSince(before)).toEqual([]);
});

test('a duet with the real Envoy and eBPF: equal numbers, counters exact, masked beside raw, a ladder by the soaker, and it stops by itself', async () => {
  const before = await inventory();
  const { trials, path } = await run(`name: duet
datapaths: [direct, envoy-sidecar, ebpf-lab]
workloads: [http-echo]
loads: [{ loop: open, rate: 150/s, duration: 1s, warmup: 200ms, connections: 4 }]
statistics: { blocks: 3, minBlocks: 2, design: duet, blocksPerDeployment: 2, cpu: { shares: [0.2, 0.4, 0.7], window: 300ms, warmup: 100ms } }
`);
  const latency = trials.filter((trial) => trial.kind === 'latency' && !trial.superseded);
  const ladder = trials.filter((trial) => trial.kind === 'cpu');
  expect(latency.every((trial) => trial.design === 'duet' && trial.result.arms[0]?.sent === 150)).toBe(true);
  expect(latency.every((trial) => (trial.sharedUtilisation ?? 0) > 0 && trial.host !== null && trial.masked !== null)).toBe(true);
  expectExact(latency, 'envoy-sidecar', ['clientProxyRequests', 'serverProxyRequests']);
  expectExact(latency, 'ebpf-lab', ['ebpfRequestsEgress', 'ebpfRequestsIngress']);
  expect(ladder.length).toBeGreaterThanOrEqual(9);
  for (const trial of ladder) {
    const soaked = trial.measures.find((measure) => measure.collector === 'idle-soaker' && measure.metric === 'cpu')?.value ?? 0;
    const components = trial.measures.filter((measure) => measure.collector === 'cgroup' && measure.metric === 'cpu');
    // What the whole machine did is at least what its components were charged with.
    expect(soaked).toBeGreaterThan(0.7 * components.reduce((sum, { value }) => sum + value, 0));
  }
  const record = JSON.parse(readFileSync(`${path}/run.json`, 'utf8')) as RunRecord;
  expect(record.designs).toMatchObject([{ design: 'duet', capacityPerSecond: expect.any(Number) as number }]);
  expect(await leftSince(before)).toEqual([]);
});
