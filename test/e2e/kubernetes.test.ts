/** Runs on a real cluster: what they measure, what they leave, and how each trouble ends. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord, TrialRecord } from '../../src/model/records.ts';
import { meshtax as start, ROOT, workspace, type Workspace } from './machine.ts';
import { realCluster, type RealCluster } from './real-cluster.ts';

const found = await realCluster();
const cluster = 'reason' in found ? undefined : found;
if ('reason' in found) process.stderr.write(`\nkubernetes: skipped, ${found.reason}\n`);

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(() => space.remove());

const here = (): RealCluster => cluster as RealCluster;
const meshtax = (args: readonly string[]) => start(args, { env: here().environment });
const onCluster = (more = '') =>
  `{ id: kubernetes, context: ${here().context}, qos: burstable, readyTimeoutSeconds: 60, resources: { generator: { cpu: 50m, memory: 96Mi }, server: { cpu: 50m, memory: 64Mi } }${more} }`;
const spec = (more = '', load = 'duration: 1s', blocks = 2) => `name: real
cluster: ${onCluster(more)}
baseline: plain-pod
datapaths: [plain-pod, host-network]
workloads: [http-echo, grpc-unary]
loads: [{ loop: open, rate: 100/s, warmup: 200ms, ${load} }]
statistics: { blocks: ${blocks}, stop: fixed, seed: real }
`;

/** Objects of every kind that lists itself, by name; what controllers renew all the time is left out. */
async function inventory(): Promise<string[]> {
  const { kubectl } = here();
  const kinds =
    'namespaces,pods,services,configmaps,daemonsets,deployments,clusterroles,clusterrolebindings,customresourcedefinitions,mutatingwebhookconfigurations,validatingwebhookconfigurations';
  const listed = await kubectl(
    'get',
    kinds,
    '--all-namespaces',
    '--output=custom-columns=KIND:.kind,NS:.metadata.namespace,NAME:.metadata.name',
    '--no-headers',
  );
  return listed
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .toSorted();
}

async function settled(before: readonly string[]): Promise<string[]> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const now = await inventory();
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return inventory();
}

// Three blocks of the six.
const shipped = readFileSync(`${ROOT}/workloads/experiments/anywhere.yaml`, 'utf8').replace('blocks: 6', 'blocks: 3');
const runsOf = (results: string) =>
  readdirSync(results).flatMap((experiment) => readdirSync(`${results}/${experiment}`).map((run) => `${results}/${experiment}/${run}`));
const runRecord = (directory: string) => JSON.parse(readFileSync(`${directory}/run.json`, 'utf8')) as RunRecord;
const trialsOf = (directory: string) =>
  readdirSync(`${directory}/trials`).map((id) => JSON.parse(readFileSync(`${directory}/trials/${id}/trial.json`, 'utf8')) as TrialRecord);

async function run(text: string, ...args: string[]) {
  const file = await space.write('e.yaml', text);
  return meshtax(['run', file, '--results', space.results, '--progress', 'jsonl', ...args]);
}

/** Starts a run and resolves once so many trials have ended. */
async function startUntil(text: string, trials: number) {
  const file = await space.write('e.yaml', text);
  const running = meshtax(['run', file, '--results', space.results, '--progress', 'jsonl']);
  await new Promise<void>((resolve) => {
    let seen = '';
    running.stderr.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.split('"trial-ended"').length > trials) resolve();
    });
    void running.then(() => resolve());
  });
  return { running };
}

test.each(['lab', 'simulated'])('the shipped experiment on %s: only `cluster` is another', async (name) => {
  const file = await space.write('e.yaml', shipped);
  const { exitCode, stdout, stderr } = await start([
    'run',
    file,
    '--cluster',
    name,
    '--results',
    space.results,
    '--budget',
    '80s',
    '--progress',
    'jsonl',
  ]);
  expect([0, 4].includes(exitCode ?? -1) ? '' : stderr).toBe('');
  expect(stdout).toMatch(/plain-pod +latency p50/);
});

describe.skipIf(cluster === undefined)('on a real cluster', () => {
  let before: string[] = [];
  beforeAll(async () => {
    // The pods of the cluster itself come and go while it starts.
    await here().kubectl('wait', '--for=condition=Ready', 'pods', '--all', '--all-namespaces', '--timeout=120s');
    before = await inventory();
  }, 180_000);
  afterAll(async () => {
    await cluster?.stop();
  }, 60_000);
  afterEach(async () => {
    await meshtax(['clean', '--cluster', here().context, '--all', '--force', '--wait', '60s']);
    expect(await settled(before)).toEqual(before);
  }, 150_000);

  test('the shipped experiment, HTTP and gRPC: every request counted, nothing left', async () => {
    const { exitCode, stdout, stderr } = await run(shipped.replace('cluster: lab', `cluster: ${onCluster()}`), '--budget', '35s');
    expect(exitCode === 0 ? '' : stderr).toBe('');
    const [directory = ''] = runsOf(space.results);
    const trials = trialsOf(directory);
    expect(stdout).toContain(
      `on path: ${trials.length} of ${trials.length} trials counted exactly by every counter of their datapath, ${trials.length * 400} requests in all`,
    );
    const record = runRecord(directory);
    expect(record).toMatchObject({
      status: 'complete',
      cluster: 'kubernetes',
      facts: { kubernetes: expect.stringMatching(/^v1\./) as string },
    });
    expect(record.proofs.length).toBeGreaterThanOrEqual(8);
    expect(record.arms.map(({ notes }) => notes['clientNodes'] !== notes['serverNodes'])).toEqual([true, true]);
    expect((await meshtax(['verify', directory])).exitCode).toBe(0);
  });

  test('kill -9: `clean` needs no local state, finished trials stay, the run goes on', async () => {
    const { running } = await startUntil(spec(), 2);
    running.kill('SIGKILL');
    await running;
    const cleaned = await meshtax(['clean', '--cluster', here().context, '--all']);
    expect(cleaned.stdout).toMatch(/removed run \w+: namespace meshtax-\w+/);
    expect(cleaned.exitCode).toBe(0);
    const kept = trialsOf(runsOf(space.results)[0] ?? '').length;
    expect(kept).toBeGreaterThanOrEqual(2);
    const resumed = await meshtax(['run', '--resume', 'latest', '--results', space.results, '--progress', 'quiet']);
    expect(resumed.exitCode === 0 ? '' : resumed.stderr).toBe('');
    expect(trialsOf(runsOf(space.results)[0] ?? '')).toHaveLength(8);
  });

  test('a run that is alive is left alone', async () => {
    const { running } = await startUntil(spec('', 'duration: 3s'), 1);
    const cleaned = await meshtax(['clean', '--cluster', here().context, '--all']);
    expect(cleaned.stdout).toMatch(/kept run \w+: it says that it is alive/);
    running.kill('SIGINT');
    expect((await running).exitCode).toBe(130);
  });

  test('several generators: started together, merged into one figure', async () => {
    const { exitCode, stderr } = await run(spec(', generators: 3, placement: same-node'));
    expect(exitCode === 0 ? '' : stderr).toBe('');
    const trials = trialsOf(runsOf(space.results)[0] ?? '');
    expect(trials.map(({ result }) => result.arms[0]?.sent)).toEqual(trials.map(() => 100));
    expect(trials.every(({ result }) => result.arms[0]?.response.count === 100)).toBe(true);
  });

  test('pairs of nodes at the same time: two servers, two generators, across', async () => {
    const { exitCode, stderr } = await run(spec(', generators: 2, servers: 2', 'duration: 1s', 2));
    expect(exitCode === 0 ? '' : stderr).toBe('');
    const [directory = ''] = runsOf(space.results);
    expect(trialsOf(directory).map(({ result }) => result.arms[0]?.ok)).toEqual(Array.from({ length: 8 }, () => 100));
    for (const { notes } of runRecord(directory).arms) {
      const [clients = [], servers = []] = [notes['clientNodes'], notes['serverNodes']].map((names) => names?.split(', '));
      expect(new Set(servers).size).toBe(2);
      expect(clients.every((node, index) => node !== servers[index])).toBe(true);
    }
  });

  test('a node agent: CPU at any moment, a look at the wire, and the kernel as it was before', async () => {
    const BPF_STATS = '/proc/sys/kernel/bpf_stats_enabled';
    const stats = () => readFileSync(BPF_STATS, 'utf8').trim();
    const [statsBefore, found] = [stats(), existsSync('/usr/bin/tcpdump')];
    const { running } = await startUntil(spec(', nodeAgent: true', 'duration: 2s', 3), 2);
    const during = stats();
    running.kill('SIGKILL');
    await running;
    const [directory = ''] = runsOf(space.results);
    const wire = runRecord(directory).proofs.filter(({ title }) => title.startsWith('the wire'));
    expect(wire.length).toBeGreaterThan(0);
    for (const { detail } of wire)
      expect(detail).toMatch(found ? /^[1-9]\d* of \d+ packets hold a request or an answer in clear text$/ : /no tcpdump/);
    expect(trialsOf(directory)[0]?.measures).toContainEqual(
      expect.objectContaining({ collector: 'node-cpu', metric: 'cpu', component: 'server-app' }),
    );
    // Whatever ends the run: the agent's pod undoes it when it is asked to end.
    await meshtax(['clean', '--cluster', here().context, '--all', '--wait', '60s']);
    expect([during, stats()]).toEqual(['1', statsBefore]);
  });

  test.skipIf(cluster?.sever === undefined)('a node is lost in the middle: the run ends, and no figure is of that time', async () => {
    const { running } = await startUntil(spec('', 'duration: 3s', 6), 2);
    const mend = await here().sever?.();
    try {
      const { exitCode, stderr } = await running;
      expect([3, 4]).toContain(exitCode);
      expect(stderr).toMatch(/MT\d{4}/);
      const trials = trialsOf(runsOf(space.results)[0] ?? '');
      expect(trials.filter(({ valid, result }) => valid && result.arms[0]?.sent !== result.arms[0]?.ok)).toEqual([]);
    } finally {
      await mend?.();
      await here().kubectl('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s');
      // Its taint goes a moment later.
      await expect.poll(() => here().kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints}'), { timeout: 60_000 }).toBe('');
    }
  });

  test('an image that cannot be had', async () => {
    const { exitCode, stderr } = await run(spec(', image: localhost/nobody/has-this:1'));
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/MT5004 .*plain-pod.*(ErrImagePull|ImagePullBackOff)/);
  });

  test('no room: what the scheduler says', async () => {
    const { exitCode, stderr } = await run(
      spec().replace('cpu: 50m, memory: 96Mi', "cpu: '500', memory: 96Mi").replace('readyTimeoutSeconds: 60', 'readyTimeoutSeconds: 8'),
    );
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/MT5004 .*Insufficient cpu/);
  });

  test('a quota that is hit: what the API server says, and the run can go on after it', async () => {
    const { running } = await startUntil(spec(), 1);
    running.kill('SIGINT');
    await running;
    expect(await settled(before)).toEqual(before);
    const [directory = ''] = runsOf(space.results);
    const run = runRecord(directory).id.split('-').at(-1) ?? '';
    const namespace = `meshtax-${run}-0-plain-pod`;
    await here().apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'meshtax/run': run } } },
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none', namespace }, spec: { hard: { pods: '0' } } },
    ]);
    const refused = await meshtax(['run', '--resume', 'latest', '--results', space.results, '--progress', 'quiet']);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toMatch(/MT5003 .*exceeded quota/);
    expect(await settled(before)).toEqual(before);
    const resumed = await meshtax(['run', '--resume', 'latest', '--results', space.results, '--progress', 'quiet']);
    expect(resumed.exitCode === 0 ? '' : resumed.stderr).toBe('');
  });

  test('a placement that is not to be had', async () => {
    const { exitCode, stderr } = await run(spec(', nodes: { clients: [nobody], servers: [nobody] }'));
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/MT5005 .*the node nobody is not there/);
  });

  test('a webhook that refuses our pods', async () => {
    const webhook = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'refuses-all-of-meshtax' },
      webhooks: [
        {
          name: 'refuses.example.test',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: 2,
          objectSelector: { matchExpressions: [{ key: 'meshtax/run', operator: 'Exists' }] },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          clientConfig: { service: { namespace: 'default', name: 'nobody' } },
        },
      ],
    };
    await here().apply([webhook]);
    try {
      const { exitCode, stderr } = await run(spec());
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/MT5003 .*refuses\.example\.test/);
    } finally {
      await here().kubectl('delete', 'mutatingwebhookconfiguration', 'refuses-all-of-meshtax');
    }
  });

  test('somebody without rights: doctor names them, a run ends with the refusal', async () => {
    const { kubectl, apply, kubeconfig, context, environment } = here();
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: 'default' } };
    await apply([account]);
    try {
      const token = await kubectl('create', 'token', 'nobody', '--namespace=default');
      const raw = await kubectl('config', 'view', '--raw', '--minify', '--output=json');
      const config = JSON.parse(raw) as { users: { user: object }[] };
      for (const each of config.users) each.user = { token };
      const file = await space.write('nobody.kubeconfig', JSON.stringify(config));
      const as = (args: readonly string[]) => start(args, { env: { ...environment, KUBECONFIG: file } });
      const doctor = await as(['doctor', '--cluster', context]);
      expect(doctor.exitCode).toBe(3);
      expect(doctor.stderr + doctor.stdout).toMatch(/forbidden|not allowed/);
      const refused = await as(['run', await space.write('e.yaml', spec()), '--results', space.results, '--progress', 'quiet']);
      expect(refused.exitCode).toBe(3);
      expect(refused.stderr).toMatch(/MT5003 .*forbidden/i);
      expect(kubeconfig).not.toBe(file);
    } finally {
      await kubectl('delete', 'serviceaccount', 'nobody', '--namespace=default');
    }
  });

  test('the server’s pod is lost in the middle: no figure of it', async () => {
    const { running } = await startUntil(spec('', 'duration: 4s', 4), 1);
    const pods = await here().kubectl(
      'get',
      'pods',
      '--all-namespaces',
      '--selector=app=server',
      '--output=custom-columns=NS:.metadata.namespace',
      '--no-headers',
    );
    for (const namespace of pods.split('\n'))
      await here().kubectl('delete', 'pod', 'server-0', `--namespace=${namespace.trim()}`, '--force', '--grace-period=0');
    const { exitCode } = await running;
    expect([3, 4]).toContain(exitCode);
    const [directory = ''] = runsOf(space.results);
    expect(runRecord(directory).status).toBe('failed');
    // Whatever was measured without its server is stored as invalid.
    expect(trialsOf(directory).filter(({ valid, result }) => valid && (result.arms[0]?.errors ?? 0) > 0)).toEqual([]);
  });

  test.skipIf(cluster === undefined || cluster.apiServer().length === 0)('the API server stands still in the middle', async () => {
    const { running } = await startUntil(spec('', 'duration: 2s', 3), 2);
    const pids = here().apiServer();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 8000));
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    const { exitCode, stderr } = await running;
    const trials = trialsOf(runsOf(space.results)[0] ?? '');
    if (exitCode === 0) expect(trials.every(({ valid }) => valid)).toBe(true);
    else expect(stderr).toMatch(/MT\d{4}/);
    // Whether it went on or not: nothing that was lost on the way is a number.
    expect(trials.filter(({ valid, result }) => valid && result.arms[0]?.sent !== result.arms[0]?.ok)).toEqual([]);
  });

  test('a namespace that does not end is told, not waited for for ever', async () => {
    const labels = { 'meshtax/run': 'stuck1', 'app.kubernetes.io/managed-by': 'meshtax' };
    const stuck = { name: 'holds', namespace: 'meshtax-stuck1' };
    await here().apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'meshtax-stuck1', labels } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...stuck, finalizers: ['example.test/never'] } },
    ]);
    try {
      const { exitCode, stderr } = await meshtax(['clean', '--cluster', here().context, '--run', 'stuck1', '--wait', '15s']);
      expect(stderr).toMatch(/could not remove run stuck1: namespace meshtax-stuck1: still Terminating after 15 s.*finalizers/);
      expect(exitCode).toBe(1);
    } finally {
      const free = '--patch={"metadata":{"finalizers":null}}';
      await here().kubectl('patch', 'configmap', 'holds', '--namespace=meshtax-stuck1', '--type=merge', free);
    }
  });

  test('what others made is not touched', async () => {
    await here().apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'not-ours' } }]);
    expect((await meshtax(['clean', '--cluster', here().context, '--all', '--force'])).stdout).toBe('nothing to remove');
    await here().kubectl('delete', 'namespace', 'not-ours', '--wait=false');
  });

  test('a cluster that looks like production is not changed without a word', async () => {
    const names = ['shop', 'billing', 'mail', 'search'];
    await here().apply(names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
    try {
      const { exitCode, stderr } = await run(spec());
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/MT5006 .*4 namespaces of others/);
    } finally {
      await here().kubectl('delete', 'namespace', ...names, '--wait=false');
    }
  });
});
