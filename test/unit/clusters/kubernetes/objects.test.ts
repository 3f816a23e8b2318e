/** What is asked of a cluster: pods, nodes, names; pure. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { podScript } from '../../../../src/clusters/kubernetes/pod-script.ts';
import { namespaceObjects, workloadObjects, type ArmPlace } from '../../../../src/clusters/kubernetes/manifests.ts';
import { armNamespace } from '../../../../src/clusters/kubernetes/names.ts';
import { chooseNodes, quantityOf, type Node } from '../../../../src/clusters/kubernetes/nodes.ts';
import { bindingOf, kubernetesSchema, type KubernetesOptions } from '../../../../src/clusters/kubernetes/options.ts';
import { endOf } from '../../../../src/clusters/kubernetes/pods.ts';
import type { Pod, PodShape } from '../../../../src/model/contracts/kubernetes.ts';
import { ROOT } from '../../../e2e/machine.ts';

const optionsOf = (more: object = {}) =>
  kubernetesSchema.parse({ id: 'kubernetes', context: 'here', ...more }).options as KubernetesOptions;
const place = (shape: PodShape = {}): ArmPlace => ({
  run: 'abc123',
  arm: 'istio',
  namespace: 'meshtax-abc123-1-istio',
  shape,
  clientNodes: ['a', 'b'],
  serverNodes: ['c'],
  servers: [
    {
      workload: 'http-echo',
      protocol: 'http',
      servicePort: 80,
      containerPort: 8080,
      requestBytes: 0,
      responseBytes: 10,
      delay: { kind: 'none' },
    },
  ],
});

interface PodObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations: Record<string, string>; readonly labels: Record<string, string> };
  readonly spec: {
    readonly nodeSelector: Record<string, string>;
    readonly hostNetwork?: boolean;
    readonly securityContext: Record<string, unknown>;
    readonly containers: readonly ContainerObject[];
    readonly initContainers: readonly ContainerObject[];
  };
}
interface ContainerObject {
  readonly resources: { readonly requests: unknown; readonly limits?: unknown };
  readonly securityContext: Record<string, unknown>;
}

const podsOf = (shape?: PodShape, more?: object) =>
  workloadObjects(place(shape), optionsOf(more)).filter(({ kind }) => kind === 'Pod') as unknown as PodObject[];

describe('the pods of an arm', () => {
  test('non-root, without privileges, Guaranteed, each on its node', () => {
    const pods = podsOf();
    expect(pods.map(({ metadata, spec }) => [metadata.name, spec.nodeSelector['kubernetes.io/hostname']])).toEqual([
      ['server-0', 'c'],
      ['client-0', 'a'],
      ['client-1', 'b'],
    ]);
    for (const { spec, metadata } of pods) {
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(metadata.labels).toMatchObject({ 'meshtax/run': 'abc123', 'meshtax/arm': 'istio' });
      for (const container of [...spec.containers, ...spec.initContainers]) {
        expect(container.resources.limits).toEqual(container.resources.requests);
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test('burstable has no limits; a sidecar gets resources only where one is put in', () => {
    const shape: PodShape = { injected: { container: 'istio-proxy', sides: ['server'] }, annotations: { x: 'y' } };
    const [server, client] = podsOf(shape, { qos: 'burstable' });
    expect(server?.spec.containers[0]?.resources.limits).toBeUndefined();
    expect(server?.metadata.annotations).toEqual({ x: 'y', 'sidecar.istio.io/proxyCPU': '1', 'sidecar.istio.io/proxyMemory': '512Mi' });
    expect(client?.metadata.annotations).toEqual({ x: 'y' });
    const [guaranteed] = podsOf(shape);
    expect(guaranteed?.metadata.annotations).toHaveProperty(['sidecar.istio.io/proxyCPULimit']);
  });

  test('every object of a run carries its label', () => {
    const objects = [
      ...namespaceObjects(place({ namespaceLabels: { 'istio-injection': 'enabled' } }), 'eA=='),
      ...workloadObjects(place(), optionsOf()),
    ];
    expect(objects.map(({ kind }) => kind)).toEqual(['Namespace', 'ConfigMap', 'Service', 'Pod', 'Pod', 'Pod']);
    for (const { metadata } of objects)
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'meshtax', 'meshtax/run': 'abc123' });
    expect(objects[0]?.metadata.labels).toMatchObject({ 'istio-injection': 'enabled' });
  });

  test('names stay within what Kubernetes takes', () => {
    expect(armNamespace('abc123', 12, 'x'.repeat(40))).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/);
  });

  test('the script fits into a ConfigMap and needs nothing beside it', async () => {
    const packed = Buffer.from(await podScript(ROOT), 'base64');
    expect(packed.length).toBeLessThan(1_000_000);
    const script = gunzipSync(packed).toString('utf8');
    expect([...script.matchAll(/from"([^"]+)"/g)].map(([, module = '']) => module).filter((module) => /^[.@]/.test(module))).toEqual([]);
  });
});

const counts = (placement: 'cross-node' | 'same-node', generators = 1, servers = 1) => ({ placement, generators, servers });
const node = (name: string, change: { ready?: boolean; taint?: boolean } = {}): Node => ({
  metadata: { name },
  spec: change.taint === true ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] } : {},
  status: {
    allocatable: { cpu: '2' },
    conditions: [{ type: 'Ready', status: change.ready === false ? 'False' : 'True' }],
    nodeInfo: { kernelVersion: '6', kubeletVersion: 'v1', containerRuntimeVersion: 'c', osImage: 'o', architecture: 'amd64', bootID: name },
  },
});

describe('nodes', () => {
  const nodes = [node('control', { taint: true }), node('n1'), node('n2'), node('n3'), node('gone', { ready: false })];
  test('clients apart from the server, the same whenever asked; control planes and dead nodes never', () => {
    expect(chooseNodes(nodes, undefined, counts('cross-node', 3), 'here')).toEqual({ clients: ['n1', 'n2', 'n1'], servers: ['n3'] });
    expect(chooseNodes(nodes.toReversed(), undefined, counts('cross-node'), 'here')).toEqual({ clients: ['n1'], servers: ['n3'] });
    expect(chooseNodes(nodes, undefined, counts('same-node', 2), 'here')).toEqual({ clients: ['n3', 'n3'], servers: ['n3'] });
  });
  test('several servers: a node each, clients apart from them while there are nodes; else across', () => {
    expect(chooseNodes(nodes, undefined, counts('cross-node', 4, 2), 'here')).toEqual({
      clients: ['n1', 'n1', 'n1', 'n1'],
      servers: ['n3', 'n2'],
    });
    expect(chooseNodes(nodes, undefined, counts('cross-node', 3, 3), 'here').clients).toEqual(['n1', 'n3', 'n2']);
    expect(chooseNodes(nodes, undefined, counts('same-node', 4, 2), 'here').clients).toEqual(['n3', 'n2', 'n3', 'n2']);
    const crossed = { clients: ['n1', 'n2'], servers: ['n2', 'n1'] };
    expect(chooseNodes(nodes, crossed, counts('cross-node', 2, 2), 'here')).toEqual(crossed);
    expect(() => chooseNodes(nodes, undefined, counts('cross-node', 4, 4), 'here')).toThrow(/4 servers need a node each, there are 3/);
  });
  test.each([
    ['a node that takes no pods', { clients: ['control'], servers: ['n1'] }, 'cross-node', /control is not there or takes no pods/],
    ['both on one', { clients: ['n1'], servers: ['n1'] }, 'cross-node', /n1 would have both/],
    ['too few places', { clients: ['n1'], servers: [] }, 'cross-node', /1 servers need a node each, there are 0/],
    ['apart although one was asked for', { clients: ['n1'], servers: ['n2'] }, 'same-node', /same-node means one node/],
  ] as const)('%s is refused', (_title, wanted, placement, message) => {
    expect(() => chooseNodes(nodes, wanted, counts(placement), 'here')).toThrow(message);
  });
  test('one node alone is no cross-node placement', () => {
    expect(() => chooseNodes([node('n1')], undefined, counts('cross-node'), 'here')).toThrow(/set placement: same-node/);
    expect(() => chooseNodes([], undefined, counts('same-node'), 'here')).toThrow(/no node is ready/);
  });
  test.each([
    ['2', 2],
    ['1500m', 1.5],
    ['24479284Ki', 24_479_284 * 1024],
    ['1Gi', 1024 ** 3],
  ])('a quantity of %s', (text, value) => expect(quantityOf(text)).toBe(value));
  test('what is no quantity', () => expect(quantityOf('many')).toBeNaN());
});

describe('bindings', () => {
  test('a datapath lives where an entry of `others` claims it, else on the first context', () => {
    const options = optionsOf({ others: [{ context: 'there', baseline: 'host-b', datapaths: ['host-b', 'cilium'] }] });
    expect([bindingOf(options, 'cilium').context, bindingOf(options, 'istio').context]).toEqual(['there', 'here']);
  });
  test('a context without a name is refused', () => {
    expect(kubernetesSchema.safeParse({ id: 'kubernetes' }).success).toBe(false);
    expect(kubernetesSchema.safeParse({ id: 'kubernetes', context: '--kubeconfig=/etc/passwd' }).success).toBe(false);
  });
});

describe('how a container ended', () => {
  const pod = (status: Partial<Pod['status']>): Pod => ({
    metadata: { name: 'server' },
    spec: { containers: [] },
    status: { phase: 'Running', ...status },
  });
  const container = (change: object) => ({ name: 'server', ready: true, restartCount: 0, ...change });
  test.each([
    ['it runs', pod({ containerStatuses: [container({})] }), undefined],
    ['a sidecar that Kubernetes knows as an init container', pod({ initContainerStatuses: [container({})] }), undefined],
    ['a restart', pod({ containerStatuses: [container({ restartCount: 2 })] }), 'a restart (2)'],
    [
      'an end',
      pod({ phase: 'Failed', containerStatuses: [container({ state: { terminated: { reason: 'OOMKilled', exitCode: 137 } } })] }),
      'OOMKilled, exit code 137',
    ],
    ['another phase', pod({ phase: 'Unknown', reason: 'NodeLost', containerStatuses: [container({})] }), 'phase Unknown (NodeLost)'],
    ['a pod that is gone', undefined, 'its pod is gone'],
  ])('%s', (_title, each, ended) => expect(endOf(each, 'server')).toBe(ended));
});
