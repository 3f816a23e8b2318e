/** The objects of one arm: pure. Everything is labelled with the run; pods are non-root and without privileges. */
import type { KubernetesObject, PodShape, Side } from '../../model/contracts/kubernetes.ts';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import type { KubernetesOptions } from './options.ts';
import { ARM_LABEL, labelsOf } from './names.ts';

export interface ArmPlace {
  readonly run: string;
  readonly arm: string;
  readonly namespace: string;
  readonly shape: PodShape;
  readonly clientNodes: readonly string[];
  readonly serverNodes: readonly string[];
  readonly servers: readonly ServerSpec[];
}

export const GENERATOR_CONTAINER = 'generator';
export const SERVER_CONTAINER = 'server';
const BUNDLE = 'meshtax-bundle';
/** Of the stock node image. */
const NODE_UID = 1000;
export const UNPACK = `const fs = require('fs'); fs.writeFileSync('/meshtax/meshtax.mjs', require('zlib').gunzipSync(fs.readFileSync('/bundle/meshtax.mjs.gz')))`;
export const SCRIPT = '/meshtax/meshtax.mjs';

/** Which of several servers a pod is: its service selects by it. */
const NUMBER_LABEL = 'meshtax/number';

/** Of a pod, and of a server's service. */
export function nameOf(side: Side, index: number): string {
  return `${side}-${index}`;
}

/** `bundle`: gzip of the one script. */
export function namespaceObjects({ run, arm, namespace, shape }: ArmPlace, bundle: string): KubernetesObject[] {
  const labels = { ...labelsOf(run), [ARM_LABEL]: arm };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...labels, ...shape.namespaceLabels } } },
    bundleObject(namespace, labels, bundle),
  ];
}

export function bundleObject(namespace: string, labels: Record<string, string>, bundle: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: BUNDLE, namespace, labels }, binaryData: { 'meshtax.mjs.gz': bundle } };
}

/** The command that starts the script in a role that talks over its stdio. */
export function scriptAs(role: 'generator' | 'node-agent'): readonly string[] {
  return ['node', '--no-warnings', SCRIPT, role];
}

export function workloadObjects(place: ArmPlace, options: KubernetesOptions): KubernetesObject[] {
  return [
    ...place.serverNodes.flatMap((node, index) => [service(place, index), pod(place, options, 'server', index, node)]),
    ...place.clientNodes.map((node, index) => pod(place, options, 'client', index, node)),
  ];
}

/** One a server: behind a common one, who asks whom would be the load balancer's choice. */
function service({ run, arm, namespace, servers }: ArmPlace, index: number): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: nameOf('server', index), namespace, labels: { ...labelsOf(run), [ARM_LABEL]: arm } },
    spec: {
      selector: { app: 'server', [NUMBER_LABEL]: String(index) },
      ports: servers.map(({ protocol, servicePort, containerPort }, port) => ({
        name: `${protocol}-${port}`,
        appProtocol: protocol === 'grpc' ? 'grpc' : 'http',
        port: servicePort,
        targetPort: containerPort,
      })),
    },
  };
}

/** The packed script, and where it is unpacked to: an image's own file system is read-only to us. */
export function bundleVolumes() {
  return {
    volumes: [
      { name: 'bundle', configMap: { name: BUNDLE } },
      { name: 'meshtax', emptyDir: { sizeLimit: '32Mi' } },
    ],
    forUnpack: [
      { name: 'bundle', mountPath: '/bundle', readOnly: true },
      { name: 'meshtax', mountPath: '/meshtax' },
    ],
    forUse: [{ name: 'meshtax', mountPath: '/meshtax', readOnly: true }],
  };
}

function pod(place: ArmPlace, options: KubernetesOptions, side: Side, index: number, node: string): KubernetesObject {
  const { run, arm, namespace, shape, servers } = place;
  const { volumes, forUnpack, forUse } = bundleVolumes();
  const injected = shape.injected?.sides.includes(side) === true;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: nameOf(side, index),
      namespace,
      labels: { app: side, [NUMBER_LABEL]: String(index), ...labelsOf(run), [ARM_LABEL]: arm, ...shape.labels },
      annotations: { ...shape.annotations, ...(injected ? proxyResources(options) : {}) },
    },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': node },
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(shape.hostNetwork === true ? { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' } : {}),
      securityContext: { runAsNonRoot: true, runAsUser: NODE_UID, runAsGroup: NODE_UID, seccompProfile: { type: 'RuntimeDefault' } },
      volumes,
      initContainers: [
        {
          ...container(options, 'unpack', side),
          command: ['node', '-e', UNPACK],
          volumeMounts: forUnpack,
        },
      ],
      containers: [
        {
          ...container(options, side === 'client' ? GENERATOR_CONTAINER : SERVER_CONTAINER, side),
          // The server ends when its stdin does; the generator is started in its pod by exec.
          stdin: true,
          command:
            side === 'client' ? ['node', SCRIPT, 'wait'] : ['node', SCRIPT, 'server', JSON.stringify({ address: '0.0.0.0', servers })],
          volumeMounts: forUse,
          ...(side === 'server' ? { startupProbe: listening(servers) } : {}),
        },
      ],
    },
  };
}

function container({ image, imagePullPolicy, resources, qos }: KubernetesOptions, name: string, side: Side) {
  const wanted = side === 'client' ? resources.generator : resources.server;
  return {
    name,
    image,
    imagePullPolicy,
    resources: { requests: wanted, ...(qos === 'guaranteed' ? { limits: wanted } : {}) },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
}

/** Only until it listens: a probe that goes on would be load of somebody else's. */
function listening(servers: readonly ServerSpec[]) {
  return { tcpSocket: { port: servers[0]?.containerPort }, periodSeconds: 1, failureThreshold: 60 };
}

/** What Istio's injector reads; without it a sidecar takes the pod out of its class. */
function proxyResources({ resources: { proxy }, qos }: KubernetesOptions): Record<string, string> {
  const requests = { 'sidecar.istio.io/proxyCPU': proxy.cpu, 'sidecar.istio.io/proxyMemory': proxy.memory };
  return qos === 'guaranteed'
    ? { ...requests, 'sidecar.istio.io/proxyCPULimit': proxy.cpu, 'sidecar.istio.io/proxyMemoryLimit': proxy.memory }
    : requests;
}
