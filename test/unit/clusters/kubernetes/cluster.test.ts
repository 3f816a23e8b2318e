/** What is done to a cluster: commands with their context, what is refused, what is removed and what is not. */
import { describe, expect, test } from 'vitest';
import { cleanKubernetes } from '../../../../src/clusters/kubernetes/clean.ts';
import { examineContext } from '../../../../src/clusters/kubernetes/doctor.ts';
import { Helm } from '../../../../src/clusters/kubernetes/helm.ts';
import { plannedReleases, removeInstalled } from '../../../../src/clusters/kubernetes/install.ts';
import { Kubectl } from '../../../../src/clusters/kubernetes/kubectl.ts';
import { holdLease } from '../../../../src/clusters/kubernetes/lease.ts';
import { kubernetesSchema, type KubernetesOptions } from '../../../../src/clusters/kubernetes/options.ts';
import { waitForPods } from '../../../../src/clusters/kubernetes/pods.ts';
import { refuseProduction } from '../../../../src/clusters/kubernetes/production.ts';
import type { Context } from '../../../../src/clusters/kubernetes/context.ts';
import { datapaths } from '../../../../src/datapaths/index.ts';
import type { Experiment } from '../../../../src/model/experiment.ts';
import type { System } from '../../../../src/model/ports.ts';
import { fakeSystem, ManualClock, MemoryFiles, type FakeOptions } from '../../../fakes.ts';

type Pages = (path: string) => unknown;

/** An API server that answers from a function; undefined is 404. */
function withApi(pages: Pages, options: FakeOptions = {}): System & { readonly commands: string[][] } {
  const system = fakeSystem(options);
  const started: string[][] = [];
  return {
    ...system,
    commands: system.commands,
    processes: {
      run: (command, given) => system.processes.run(command, given),
      start(command) {
        started.push([...command]);
        system.commands.push([...command]);
        return {
          pid: 1,
          ended: new Promise(() => {}),
          outcome: () => undefined,
          writeLine: () => {},
          send: () => {},
          stop: async () => {},
        };
      },
    },
    http: {
      ...system.http,
      async get(_socket, path) {
        const answer = path === '/version' ? { gitVersion: 'v1.36.3', minor: '36' } : pages(path);
        return answer === undefined
          ? { status: 404, text: '{}' }
          : { status: 200, text: typeof answer === 'string' ? answer : JSON.stringify(answer) };
      },
    },
  };
}

const open = (system: System) =>
  Kubectl.open(system, { context: 'here', kubeconfig: undefined, requestsPerSecond: 100 }, '/tmp/x', () => {});
const namespace = (name: string, run?: string, annotations: object = {}) => ({
  metadata: { name, labels: run === undefined ? {} : { 'meshtax/run': run }, annotations },
});

describe('kubectl', () => {
  test('every command names its context; what comes from files stays an argument', async () => {
    const system = withApi(() => undefined);
    const kubectl = await open(system);
    await kubectl.exec({ namespace: 'a', name: '$(reboot)' }, 'c', ['cat', '; rm -rf /']);
    await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } }]);
    for (const command of system.commands) expect(command.join(' ')).toContain('--context=here');
    expect(system.commands[1]).toEqual([
      'kubectl',
      '--context=here',
      'exec',
      '--namespace=a',
      '$(reboot)',
      '--container=c',
      '--',
      'cat',
      '; rm -rf /',
    ]);
  });
  test('what is not there, and what is refused', async () => {
    const kubectl = await open(withApi(() => undefined));
    expect(await kubectl.find('/api/v1/nothing')).toBeUndefined();
    await expect(kubectl.get('/api/v1/nothing')).rejects.toThrow(/MT5003|refused `GET \/api\/v1\/nothing`: 404/);
  });
  test('its complaint, not the advice after it', async () => {
    const stderr = 'Error from server (Forbidden): no\nSee https://example.test for more\n';
    const kubectl = await open(withApi(() => undefined, { answer: () => ({ exitCode: 1, stderr }) }));
    await expect(kubectl.run(['delete', 'x'])).rejects.toThrow(/Error from server \(Forbidden\): no/);
  });
});

describe('clean', () => {
  const files = new MemoryFiles({ '/proc/sys/kernel/random/boot_id': 'this-boot\n' });
  const cleaned = async (namespaces: readonly object[], which: Partial<Parameters<typeof cleanKubernetes>[1]> = {}) => {
    let present = namespaces;
    const system = withApi((path) => (path.startsWith('/api/v1/namespaces?') ? { items: present } : undefined), {
      files,
      answer: (command) => {
        if (command.includes('delete')) present = [];
        return {};
      },
    });
    const report = await cleanKubernetes(system, { run: undefined, force: false, place: 'here', waitMs: 1000, ...which });
    return {
      report,
      deleted: system.commands
        .filter((command) => command.includes('delete'))
        .map((command) => command.filter((each) => each.startsWith('meshtax-'))),
    };
  };
  const alive = (until: string, holder = 'other-boot/1') => ({ 'meshtax/alive-until': until, 'meshtax/holder': holder });

  test('runs whose lease is over', async () => {
    const { report, deleted } = await cleaned([
      namespace('meshtax-a', 'a', alive('2020-01-01T00:00:00Z')),
      namespace('meshtax-a-0-x', 'a'),
    ]);
    expect(deleted).toEqual([['meshtax-a', 'meshtax-a-0-x']]);
    expect(report.removed).toEqual(['run a: namespace meshtax-a', 'run a: namespace meshtax-a-0-x']);
  });
  test('one that is alive is kept unless it is meant', async () => {
    const living = [namespace('meshtax-a', 'a', alive('2999-01-01T00:00:00Z'))];
    expect((await cleaned(living)).report.kept).toEqual([expect.stringMatching(/run a: it says that it is alive until 2999/)]);
    expect((await cleaned(living, { force: true })).report.removed).toHaveLength(1);
    expect((await cleaned(living, { run: 'b' })).report).toEqual({ removed: [], kept: [], failed: [] });
  });
  test('a process of this boot that is gone holds nothing', async () => {
    const { report } = await cleaned([namespace('meshtax-a', 'a', alive('2999-01-01T00:00:00Z', 'this-boot/4711'))]);
    expect(report.removed).toHaveLength(1);
  });
  test('without a context nothing is guessed', async () => {
    const system = withApi(() => undefined, { answer: () => ({ stdout: 'one\ntwo\n' }) });
    await expect(cleanKubernetes(system, { run: undefined, force: true, place: undefined, waitMs: 0 })).rejects.toThrow(
      /it names no context; there are one, two/,
    );
  });
});

describe('production', () => {
  const context = (name: string, names: readonly string[], nodes = 2) =>
    ({
      name,
      nodes: Array.from({ length: nodes }),
      kubectl: { get: async () => ({ items: names.map((each) => namespace(each)) }) },
    }) as unknown as Context;
  test.each([
    ['a cluster for tests', 'kind-test', ['default', 'kube-system', 'istio-system'], 2, undefined],
    ['a name that says so', 'eu-production', ['default'], 2, /its name says so/],
    ['namespaces of others', 'x', ['shop', 'billing', 'mail', 'search'], 2, /4 namespaces of others/],
    ['many nodes', 'x', [], 50, /50 nodes/],
  ] as const)('%s', async (_title, name, names, nodes, refusal) => {
    const asked = refuseProduction(context(name, names, nodes), false);
    if (refusal === undefined) expect(await asked).toEqual([]);
    else await expect(asked).rejects.toThrow(refusal);
    const [finding] = await refuseProduction(context(name, names, nodes), true);
    expect(finding?.level).toBe(refusal === undefined ? undefined : 'warning');
  });
});

describe('meshes that a run installs', () => {
  const optionsOf = (more: object = {}) =>
    kubernetesSchema.parse({ id: 'kubernetes', context: 'here', ...more }).options as KubernetesOptions;
  const experiment = (...entries: readonly (readonly [string, object])[]): Experiment =>
    ({
      datapaths: entries.map(([id, more], index) => ({
        ...datapaths.find((each) => each.id === id)?.schema.parse({ id, name: `${id}-${index}`, ...more }),
      })),
    }) as unknown as Experiment;

  test('only where the experiment says install, each release once', () => {
    const both = experiment(['istio-sidecar', { mode: 'install' }], ['istio-sidecar', { mode: 'install', mtls: 'off' }], ['plain-pod', {}]);
    expect(plannedReleases(both, datapaths, optionsOf(), 'here').map(({ release, version }) => `${release} ${version}`)).toEqual([
      'istio-base 1.30.3',
      'istiod 1.30.3',
    ]);
    expect(plannedReleases(experiment(['istio-sidecar', {}], ['cilium', {}]), datapaths, optionsOf(), 'here')).toEqual([]);
  });
  test('two that need other values cannot share a context', () => {
    const two = experiment(['cilium', { mode: 'install' }], ['cilium-tuned', { mode: 'install' }]);
    expect(() => plannedReleases(two, datapaths, optionsOf(), 'here')).toThrow(
      /cilium\/values\.yaml, cilium-tuned\/values\.yaml.*another context/,
    );
  });
  test('values for charts of 1.20 are their own', () => {
    const [release] = plannedReleases(experiment(['cilium-l7', { mode: 'install', version: '1.20.0' }]), datapaths, optionsOf(), 'here');
    expect(release?.values).toBe('cilium-l7/values-1.20.yaml');
  });

  test('helm: label, namespace, values; a chart that is anywhere', async () => {
    const system = fakeSystem({ answer: (command) => (command[1] === 'version' ? { stdout: 'v3.22.0' } : {}) });
    const helm = await Helm.open(system, { context: 'here', kubeconfig: undefined });
    const release = {
      release: 'istiod',
      namespace: 'istio-system',
      chart: 'istiod',
      version: '1.30.3',
      values: 'istio-sidecar/istiod.yaml',
    };
    await helm.install(release, undefined, { 'meshtax/run': 'a' }, {});
    await helm.install(release, 'oci://registry.test/istiod', { 'meshtax/run': 'a' }, {});
    const [, first = [], second = []] = system.commands;
    expect(first).toEqual(
      expect.arrayContaining([
        'install',
        'istiod',
        '--version=1.30.3',
        '--labels=meshtax/run=a',
        '--values=/project/clusters/kubernetes/istio-sidecar/istiod.yaml',
        '--kube-context=here',
      ]) as string[],
    );
    expect(second.slice(0, 5)).toEqual(['helm', 'install', 'istiod', 'oci://registry.test/istiod', '--version=1.30.3']);
  });
  test('helm that is too old is said', async () => {
    await expect(Helm.open(fakeSystem({ answer: () => ({ stdout: 'v3.9.4' }) }), { context: 'x', kubeconfig: undefined })).rejects.toThrow(
      /older than 3\.13/,
    );
    await expect(Helm.open(fakeSystem({ answer: () => ({ exitCode: 127 }) }), { context: 'x', kubeconfig: undefined })).rejects.toThrow(
      /not installed/,
    );
  });

  test('removed is what is ours by label, and what is new and theirs by name; nothing else', async () => {
    const inventory = {
      releases: [
        { release: 'istio-base', namespace: 'istio-system' },
        { release: 'istiod', namespace: 'istio-system' },
      ],
      before: {
        customresourcedefinition: ['gateways.gateway.networking.k8s.io'],
        clusterrole: ['istio-reader-of-somebody'],
        namespace: ['default'],
        configmap: [],
      },
    };
    const now: Record<string, readonly string[]> = {
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions': [
        'gateways.gateway.networking.k8s.io',
        'sidecars.networking.istio.io',
        'widgets.example.test',
      ],
      '/apis/rbac.authorization.k8s.io/v1/clusterroles': ['istio-reader-of-somebody', 'somebody-new'],
      '/api/v1/namespaces': ['default', 'istio-system', 'shop'],
    };
    const system = withApi(
      (path) => {
        if (path.endsWith('/configmaps/inventory')) return { data: { 'inventory.json': JSON.stringify(inventory) } };
        const names = now[path];
        return names && { items: names.map((name) => ({ metadata: { name } })) };
      },
      {
        answer: (command) => {
          if (command[1] === 'version') return { stdout: 'v3.22.0' };
          // Somebody else's istiod carries no label of ours.
          return command[1] === 'list' ? { stdout: 'istio-base\n' } : {};
        },
      },
    );
    const removed = await removeInstalled(system, await open(system), 'a');
    expect(removed).toEqual([
      'release istio-base in istio-system',
      'customresourcedefinition sidecars.networking.istio.io',
      'namespace istio-system',
    ]);
    const uninstalled = system.commands.filter((command) => command[1] === 'uninstall').map((command) => command[2]);
    expect(uninstalled).toEqual(['istio-base']);
  });
});

describe('what a run installs', () => {
  const PATH = '/api/v1/namespaces/meshtax-a/configmaps/inventory';
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const releases = ['istio-base', 'istiod'].map((release) => ({ release, namespace: 'istio-system' }));
  /** A cluster that remembers its inventory and forgets releases that are uninstalled. */
  const cluster = (inventory: object | undefined, installed: string[], stuck = '') => {
    let stored = inventory && JSON.stringify(inventory);
    const system = withApi(
      (path) => {
        if (path === PATH) return stored && { data: { 'inventory.json': stored } };
        return path === CRDS ? { items: [{ metadata: { name: 'sidecars.networking.istio.io' } }] } : undefined;
      },
      {
        answer: (command, input) => {
          if (command[1] === 'version') return { stdout: 'v3.22.0' };
          if (command[1] === 'list') return { stdout: installed.join('\n') };
          if (command[1] === 'uninstall' && command[2] === stuck) return { exitCode: 1, stderr: 'timed out' };
          if (command[1] === 'uninstall') installed.splice(installed.indexOf(command[2] ?? ''), 1);
          const list = command.includes('apply')
            ? (JSON.parse(input ?? '{}') as { items: { data?: Record<string, string> }[] })
            : undefined;
          stored = list?.items[0]?.data?.['inventory.json'] ?? stored;
          return {};
        },
      },
    );
    return { system, deleted: () => system.commands.filter((command) => command.includes('delete')).map((command) => command.slice(3, 5)) };
  };

  test('one release that stays keeps no other from going, and nothing that may be its is touched', async () => {
    const { system, deleted } = cluster({ releases, before: {} }, ['istio-base', 'istiod'], 'istiod');
    await expect(removeInstalled(system, await open(system), 'a')).rejects.toMatchObject({ code: 'MT5008' });
    expect(system.commands.filter((command) => command[1] === 'uninstall').map((command) => command[2])).toEqual(['istiod', 'istio-base']);
    expect(deleted()).toEqual([]);
  });

  test('a removal that ended between the releases and what they leave is finished by the next', async () => {
    const { system, deleted } = cluster({ releases, before: {} }, ['istio-base']);
    const kubectl = await open(system);
    const first = kubectl.run.bind(kubectl);
    kubectl.run = (args, options) => (args[0] === 'delete' ? Promise.reject(new Error('lost')) : first(args, options));
    await expect(removeInstalled(system, kubectl, 'a')).rejects.toThrow('lost');
    kubectl.run = first;
    expect(await removeInstalled(system, kubectl, 'a')).toEqual(['customresourcedefinition sidecars.networking.istio.io']);
    expect(deleted()).toEqual([
      ['customresourcedefinition', 'sidecars.networking.istio.io'],
      ['configmap', 'inventory'],
    ]);
  });

  test('where nothing was ever installed nothing can have been left', async () => {
    const { system, deleted } = cluster({ releases, before: {} }, []);
    expect(await removeInstalled(system, await open(system), 'a')).toEqual([]);
    expect(deleted()).toEqual([['configmap', 'inventory']]);
  });

  test('an inventory that cannot be read is not thrown away', async () => {
    const { system } = cluster({ releases: 'none' }, []);
    await expect(removeInstalled(system, await open(system), 'a')).rejects.toMatchObject({ code: 'MT5003' });
  });
});

describe('a lease on a cluster', () => {
  const held = (run: string) =>
    namespace(`meshtax-${run}`, run, { 'meshtax/alive-until': '2999-01-01T00:00:00Z', 'meshtax/holder': 'another-boot/77' });
  const lease = async (others: readonly object[], allowConcurrent: boolean, inventory?: { there: boolean }) => {
    const system = withApi((path) => {
      if (path.endsWith('/configmaps/inventory')) return inventory?.there === true ? {} : undefined;
      return path.startsWith('/api/v1/namespaces?') ? { items: others } : undefined;
    });
    const kubectl = await open(system);
    const undone: (() => Promise<void>)[] = [];
    const clock = new ManualClock();
    clock.sleep = () => new Promise(() => {}); // it renews itself after that
    const given = await holdLease(
      { ...system, clock },
      { kubectl } as unknown as Context,
      { run: 'own', allowConcurrent },
      (_, undo) => void undone.push(undo),
    );
    return { ...given, system, undo: async () => undone[0]?.() };
  };

  test('another run that is alive keeps this one out, unless both are wanted', async () => {
    await expect(lease([held('other')], false)).rejects.toMatchObject({ code: 'MT2002' });
    expect((await lease([held('other')], true)).alone).toBe(false);
    expect((await lease([namespace('meshtax-old', 'old')], false)).alone).toBe(true);
    await expect(lease([held('own')], true)).rejects.toMatchObject({ code: 'MT2002' });
    const ending = { ...held('other'), status: { phase: 'Terminating' } };
    expect((await lease([ending], false)).alone).toBe(true);
  });

  test('its namespace stays while it holds what whoever cleans up needs', async () => {
    const inventory = { there: true };
    const { undo, system } = await lease([], false, inventory);
    await expect(undo()).rejects.toThrow(/it stays .*what was installed/);
    expect(system.commands.flat()).not.toContain('delete');
    inventory.there = false;
    await undo();
    expect(system.commands.flat()).toContain('delete');
  });
});

test('a page that is no JSON, and a list that is none, are coded', async () => {
  const system = withApi((path) => (path === '/page' ? '<html>sign in</html>' : {}));
  const kubectl = await open(system);
  await expect(kubectl.get('/page')).rejects.toMatchObject({ code: 'MT5003' });
  await expect(kubectl.list('/nothing')).rejects.toMatchObject({ code: 'MT5003' });
});

describe('waiting for pods', () => {
  const pod = (name: string, status: object) => ({
    metadata: { name, labels: { 'meshtax/arm': 'x' } },
    spec: { containers: [] },
    status: { phase: 'Pending', ...status },
  });
  const waiting = (items: readonly object[], timeoutMs = 2000) => {
    const system = withApi((path) =>
      path.includes('/events') ? { items: [{ type: 'Warning', reason: 'Failed', message: 'told by an event' }] } : { items },
    );
    return open(system).then((kubectl) => waitForPods(kubectl, system.clock, { namespace: 'n', arm: 'x', count: 1, timeoutMs }));
  };
  test('ready', async () => {
    const ready = pod('server', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
    expect(await waiting([ready])).toHaveLength(1);
  });
  test.each([
    [
      'what no waiting mends',
      [pod('server', { containerStatuses: [{ name: 'server', state: { waiting: { reason: 'CrashLoopBackOff' } } }] })],
      /server\/server: CrashLoopBackOff; Failed: told by an event/,
    ],
    [
      'what does not fit',
      [pod('server', { conditions: [{ type: 'PodScheduled', status: 'False', message: 'Insufficient cpu' }] })],
      /is not scheduled: Insufficient cpu/,
    ],
    ['what was never made', [], /0 of 1 pods exist/],
    ['what failed', [pod('server', { phase: 'Failed', reason: 'OutOfcpu' })], /server failed: OutOfcpu/],
  ])('%s', async (_title, items, message) => {
    await expect(waiting(items)).rejects.toThrow(message);
  });
});

describe('doctor', () => {
  const node = {
    metadata: { name: 'n1' },
    spec: {},
    status: {
      allocatable: { cpu: '8' },
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { bootID: 'b', kubeletVersion: 'v1.36.3', architecture: 'amd64', kernelVersion: '6', containerRuntimeVersion: 'c' },
    },
  };
  const examined = async (pages: Record<string, unknown>, answer: FakeOptions['answer'] = () => ({ stdout: 'yes' })) => {
    const system = withApi(
      (path) => {
        const known = Object.entries(pages).find(([key]) => path.startsWith(key));
        if (known) return known[1];
        return path.startsWith('/api/v1/nodes/')
          ? undefined
          : path === '/api/v1/nodes'
            ? { items: [node] }
            : { items: [], data: {}, spec: { template: { spec: { containers: [] } } } };
      },
      { answer: (command, input) => (command.includes('version') ? { stdout: '{}' } : (answer?.(command, input) ?? {})) },
    );
    return new Map((await examineContext(system, 'here')).map((finding) => [finding.code, finding]));
  };
  test('rights that are missing are named with their reason', async () => {
    const findings = await examined({}, (command) => ({
      stdout: command.includes('--subresource=exec') ? 'no' : 'yes',
      exitCode: command.includes('--subresource=exec') ? 1 : 0,
    }));
    expect(findings.get('MT0502')).toMatchObject({
      level: 'error',
      detail: expect.stringMatching(/create pods\/exec \(the generator is started in its pod\)/) as string,
    });
  });
  test('a kubelet that shows too little: features are looked for, not versions', async () => {
    const findings = await examined({
      '/api/v1/nodes/n1/proxy/metrics/cadvisor': '\ncontainer_cpu_usage_seconds_total{pod="x"} 1 1795297573000\n',
    });
    expect(findings.get('MT0507')).toMatchObject({
      level: 'warning',
      detail: expect.stringMatching(/does not show container_memory_working_set_bytes/) as string,
    });
  });
  test('a check that cannot be made is a result', async () => {
    expect((await examined({})).get('MT0508')).toMatchObject({
      level: 'error',
      detail: expect.stringMatching(/could not be examined/) as string,
    });
  });
  test('Cilium under Istio without the setting that both need', async () => {
    const findings = await examined({ '/api/v1/namespaces/kube-system/configmaps/cilium-config': { data: { 'routing-mode': 'tunnel' } } });
    expect(findings.get('MT0505')).toMatchObject({ level: 'warning', fix: expect.stringMatching(/hostNamespaceOnly/) as string });
  });
});
