/** What Cilium's datapaths share: the agents' own word on how they forward, and counters of the two endpoints. */
import { z } from 'zod';
import type { Datapath } from '../../model/contracts/datapath.ts';
import type { OwnMetrics, PathExpectation } from '../../model/contracts/deployment.ts';
import {
  podsOf,
  type KubernetesApi,
  type KubernetesDatapath,
  type KubernetesParts,
  type KubernetesSite,
  type MeshRelease,
} from '../../model/contracts/kubernetes.ts';
import { MeshtaxError } from '../../model/errors.ts';
import { memberSchema } from '../../model/experiment.ts';
import { PLAIN, type Features } from '../../model/features.ts';
import { ciliumEndpoints, NO_MESH } from './baseline.ts';
import { HOW } from './manifests.ts';
import { figure, metricsOf, pageOf, podsLabelled } from './reading.ts';

const CILIUM_VERSIONS = ['1.19.6', '1.18.12', '1.20.0'] as const;
const NAMESPACE = 'kube-system';
const AGENT = 'cilium-agent';
const METRICS_PORT = 9962;

const ciliumOptions = z.object({
  mode: z.enum(HOW).default('use').describe('use: the Cilium that is there, as found; install: the pinned chart, removed again'),
  version: z.enum(CILIUM_VERSIONS).default('1.19.6').describe('of the chart, for mode: install'),
});

/** Since 1.20 the chart of the node proxy has keys that were not there before. */
function releasesOf({ id, nodeProxy }: CiliumKind): (selected: unknown) => readonly MeshRelease[] {
  return (selected) => {
    const { mode, version } = ciliumOptions.parse(selected);
    const values = nodeProxy && version.startsWith('1.20.') ? 'values-1.20.yaml' : 'values.yaml';
    return mode === 'use' ? [] : [{ release: 'cilium', namespace: NAMESPACE, chart: 'cilium', version, values: `${id}/${values}` }];
  };
}

/** Of `cilium-dbg status -o json` (api/v1/openapi.yaml, StatusResponse): what is looked at. */
export interface AgentStatus {
  readonly cilium?: { readonly state?: string; readonly msg?: string };
  readonly encryption?: { readonly mode?: string };
  readonly hubble?: { readonly state?: string };
  readonly masquerading?: { readonly mode?: string };
  readonly proxy?: { readonly 'envoy-deployment-mode'?: string; readonly redirects?: readonly unknown[] | null };
  readonly routing?: {
    readonly 'inter-host-routing-mode'?: string;
    readonly 'intra-host-routing-mode'?: string;
    readonly 'tunnel-protocol'?: string;
  };
  readonly 'kube-proxy-replacement'?: { readonly mode?: string };
  readonly 'datapath-mode'?: string;
  readonly 'attach-mode'?: string;
}

/** How the agents of both nodes say they forward; a difference between them is told, not averaged. */
export interface CiliumFacts {
  readonly routing: string;
  readonly hostRouting: string;
  readonly kubeProxyReplacement: string;
  readonly masquerading: string;
  readonly encryption: string;
  readonly device: string;
  readonly proxyRedirects: number;
  readonly ready: boolean;
  /** Of its Envoy, where its configuration says so. */
  readonly httpRetries: number | undefined;
  /** A client is on the server's node: what is done between nodes is not done to it. */
  readonly sameNode: boolean;
}

export function factsOf(
  statuses: readonly AgentStatus[],
  { sameNode = false, config = {} }: { readonly sameNode?: boolean; readonly config?: Readonly<Record<string, string>> } = {},
): CiliumFacts {
  const all = (of: (status: AgentStatus) => string | undefined) =>
    [...new Set(statuses.map((status) => of(status) ?? 'unknown'))].join(' | ');
  return {
    routing: all(({ routing }) =>
      [routing?.['inter-host-routing-mode'], routing?.['tunnel-protocol']]
        .filter((each) => each)
        .join(' ')
        .toLowerCase(),
    ),
    hostRouting: all(({ routing }) => routing?.['intra-host-routing-mode']),
    kubeProxyReplacement: all((status) => status['kube-proxy-replacement']?.mode),
    masquerading: all(({ masquerading }) => masquerading?.mode),
    encryption: all(({ encryption }) => encryption?.mode),
    device: all((status) => [status['datapath-mode'], status['attach-mode']].filter((each) => each).join(', ')),
    proxyRedirects: statuses.reduce((sum, { proxy }) => sum + (proxy?.redirects?.length ?? 0), 0),
    sameNode,
    httpRetries: config['http-retry-count'] === undefined ? undefined : Number(config['http-retry-count']),
    ready: statuses.length > 0 && statuses.every(({ cilium }) => cilium?.state === 'Ok'),
  };
}

/** What one of Cilium's datapaths demands of what is found, and what it then is. */
export interface CiliumKind {
  readonly id: string;
  readonly title: string;
  /** Why these facts are not this datapath. */
  problems(facts: CiliumFacts): readonly string[];
  features(facts: CiliumFacts | undefined): Features;
  /** It has a proxy on each node, whose pods are part of its cost, and objects that bring requests to it. */
  readonly nodeProxy?: Pick<KubernetesDatapath, 'creates' | 'objects'>;
}

export function ciliumDatapath(kind: CiliumKind): Datapath {
  return {
    id: kind.id,
    title: kind.title,
    schema: memberSchema(kind.id, ciliumOptions),
    features: () => kind.features(undefined),
    kubernetes: {
      releases: releasesOf(kind),
      ...kind.nodeProxy,
      async shape(api) {
        await requireCilium(api, kind.id);
        return { namespaceLabels: NO_MESH };
      },
      inspect: (site) => inspectCilium(site, kind),
    },
  };
}

export function ciliumFeatures(facts: CiliumFacts | undefined, notes: string): Features {
  return {
    ...PLAIN,
    identity: 'ip',
    policy: 'l4',
    telemetry: 'flow events by Hubble, aggregated',
    loadBalancing: facts?.kubeProxyReplacement === 'False' ? 'kube-proxy for the host, eBPF for pods' : 'eBPF, at connect()',
    notes: facts ? `${notes}; routing ${facts.routing}, host routing ${facts.hostRouting}, ${facts.device}` : notes,
  };
}

/** @throws MeshtaxError MT5007 where no agent answers. */
async function requireCilium(api: KubernetesApi, arm: string): Promise<void> {
  if (!(await configOf(api)))
    throw new MeshtaxError('MT5007', {
      arm,
      context: api.context,
      problem: `there is no cilium-config in ${NAMESPACE}: Cilium is not installed`,
    });
}

export async function configOf(api: KubernetesApi): Promise<Readonly<Record<string, string>> | undefined> {
  return (await api.find<{ data?: Readonly<Record<string, string>> }>(`/api/v1/namespaces/${NAMESPACE}/configmaps/cilium-config`))?.data;
}

/** What an agent says of its whole node; its own page, where the chart's `prometheus.enabled` opens one. */
function agentMetrics(api: KubernetesApi, agent: Agent): OwnMetrics {
  return metricsOf('agent', () => pageOf(api, agent, METRICS_PORT, '/metrics'), [
    figure('forwarded', 'count', 'cilium_forward_count_total'),
    figure('dropped', 'count', 'cilium_drop_count_total'),
    figure('processCpu', 'ns', 'cilium_process_cpu_seconds_total', { scale: 1e9 }),
    figure('resident', 'bytes', 'cilium_process_resident_memory_bytes', { kind: 'gauge' }),
  ]);
}

interface Agent {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
}

export async function agentsOf(site: KubernetesSite): Promise<readonly Agent[]> {
  const nodes = new Set(podsOf(site).map(({ node }) => node));
  const found = await podsLabelled(site.api, NAMESPACE, 'k8s-app=cilium');
  return found.filter(({ node }) => nodes.has(node)).map((agent) => ({ namespace: NAMESPACE, ...agent }));
}

/** cilium-dbg has been `cilium` before 1.15; what is supported has the new name. */
async function ask<T>(api: KubernetesApi, agent: Agent, command: readonly string[]): Promise<T> {
  const { stdout } = await api.exec(agent, AGENT, ['cilium-dbg', ...command, '-o', 'json']);
  try {
    return JSON.parse(stdout) as T;
  } catch {
    const problem = `it is no JSON: ${stdout.trim().slice(0, 80)}`;
    throw new MeshtaxError('MT5003', { context: api.context, what: `cilium-dbg ${command.join(' ')}`, problem });
  }
}

const AT_SERVER: readonly PathExpectation[] = [
  { counter: 'ciliumEndpoints', equals: 'zero', meaning: 'pods of its that Cilium does not forward for' },
  { counter: 'serverIngressPackets', equals: 'at-least-requests', meaning: 'packets that the server’s policy program let in' },
];

const REDIRECTED: PathExpectation = {
  counter: 'serverRedirectedPackets',
  equals: 'at-least-requests',
  meaning: 'packets that the server’s policy program handed to the node’s proxy',
};
const NOT_REDIRECTED: PathExpectation = {
  counter: 'serverRedirectedPackets',
  equals: 'zero',
  meaning: 'packets that a policy on the server hands to a proxy',
};

async function inspectCilium(site: KubernetesSite, kind: CiliumKind): Promise<KubernetesParts> {
  const { api } = site;
  const agents = await agentsOf(site);
  const statuses = await Promise.all(agents.map((agent) => ask<AgentStatus>(api, agent, ['status'])));
  const config = (await configOf(api)) ?? {};
  const sameNode = site.clients.some(({ node }, index) => node === site.servers[index % site.servers.length]?.node);
  const facts = factsOf(statuses, { sameNode, config });
  const images = await imagesOf(api);
  const relay = await site.relay();
  const operators = await podsLabelled(api, NAMESPACE, 'io.cilium/app=operator');
  const proxies = kind.nodeProxy ? await podsLabelled(api, NAMESPACE, 'k8s-app=cilium-envoy') : [];
  const involved = new Set(agents.map(({ node }) => node));
  return {
    features: kind.features(facts),
    problems: [
      ...(facts.ready ? [] : ['not every agent of its nodes says that it is ok']),
      ...(agents.length < new Set(podsOf(site).map(({ node }) => node)).size ? ['not every node of its pods has an agent'] : []),
      ...kind.problems(facts),
    ],
    expectations: [...AT_SERVER, kind.nodeProxy ? REDIRECTED : NOT_REDIRECTED],
    pathCounters: async () => {
      const endpoints = await ciliumEndpoints(site);
      const ready = new Set(endpoints.filter(({ status }) => status?.state === 'ready').map(({ metadata }) => metadata.name));
      const atServers = site.servers.map(async ({ name, node }) => {
        const agent = agents.find((each) => each.node === node);
        const endpoint = endpoints.find(({ metadata }) => metadata.name === name)?.status?.id;
        return agent && endpoint !== undefined ? policyOf(api, agent, endpoint) : [];
      });
      const entries = (await Promise.all(atServers)).flat();
      return {
        ciliumEndpoints: podsOf(site).filter(({ name }) => !ready.has(name)).length,
        serverIngressPackets: packetsIn(entries),
        serverRedirectedPackets: packetsIn(entries.filter(isRedirected)),
      };
    },
    hosts: site.serviceAddresses,
    port: 'servicePort',
    containers: [
      ...agents.map(({ name, node }) => ({ role: 'agent' as const, node, namespace: NAMESPACE, pod: name, container: AGENT })),
      ...operators.map(({ name, node }) => ({
        role: 'control-plane' as const,
        node,
        namespace: NAMESPACE,
        pod: name,
        container: 'cilium-operator',
      })),
      ...proxies
        .filter(({ node }) => involved.has(node))
        .map(({ name, node }) => ({ role: 'node-proxy' as const, node, namespace: NAMESPACE, pod: name, container: 'cilium-envoy' })),
    ],
    ownMetrics: config['prometheus-serve-addr'] === undefined ? [] : agents.map((agent) => agentMetrics(api, agent)),
    observed: relay !== undefined,
    notes: {
      ...images,
      routing: facts.routing,
      hostRouting: facts.hostRouting,
      kubeProxyReplacement: facts.kubeProxyReplacement,
      masquerading: facts.masquerading,
      encryption: facts.encryption,
      device: facts.device,
    },
  };
}

async function imagesOf(api: KubernetesApi): Promise<Record<string, string>> {
  const set = await api.find<{
    spec: { template: { spec: { containers: readonly { image: string }[] } } };
    metadata: { labels?: Record<string, string> };
  }>(`/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/cilium`);
  return { cilium: set?.spec.template.spec.containers[0]?.image ?? '' };
}

/** One entry of an endpoint's policy map, with what it let pass. */
export interface PolicyEntry {
  readonly Packets?: number;
  readonly Key?: { readonly TrafficDirection?: number };
}

const INGRESS = 0;
/** The agent's word for "not counted": the highest number of 64 bits. */
const NOT_COUNTED = 2 ** 63;

export function packetsIn(entries: readonly PolicyEntry[]): number {
  return entries
    .filter(({ Key, Packets = 0 }) => Key?.TrafficDirection === INGRESS && Packets < NOT_COUNTED)
    .reduce((sum, { Packets = 0 }) => sum + Packets, 0);
}

/** By its proxy's port (pkg/maps/policymap/policymap.go), whose field was called ProxyPort, and ProxyPortNetwork since; 0: it is not. */
export function isRedirected(entry: PolicyEntry): boolean {
  return Object.entries(entry).some(([field, value]) => field.startsWith('ProxyPort') && value !== 0);
}

async function policyOf(api: KubernetesApi, agent: Agent, endpoint: number): Promise<readonly PolicyEntry[]> {
  const found = await ask<readonly PolicyEntry[] | PolicyEntry>(api, agent, ['bpf', 'policy', 'get', String(endpoint)]);
  return Array.isArray(found) ? (found as readonly PolicyEntry[]) : [found as PolicyEntry];
}

/** Native routing, masquerading and host routing in eBPF: the tuning guide's profile, less what needs a special kernel. */
export function isTuned({ routing, masquerading, hostRouting }: Pick<CiliumFacts, 'routing' | 'masquerading' | 'hostRouting'>): boolean {
  return routing === 'native' && masquerading === 'BPF' && hostRouting === 'BPF';
}
