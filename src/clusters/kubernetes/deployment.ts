/** An arm on Kubernetes as the run sees it. */
import type { CadvisorView } from '../../model/contracts/cadvisor.ts';
import type { Component, Deployment, NodeView, Role, WireView } from '../../model/contracts/deployment.ts';
import type { HubbleView } from '../../model/contracts/hubble.ts';
import { podsOf, type KubernetesParts, type KubernetesPod, type KubernetesSite, type Pod } from '../../model/contracts/kubernetes.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Context } from './context.ts';
import { GENERATOR_CONTAINER, SERVER_CONTAINER, type ArmPlace } from './manifests.ts';
import { containerIdOf, endOf, listPods } from './pods.ts';
import type { SessionSetting } from './session.ts';

/** Relay sorts what comes from several agents (`hubble.relay.sortBufferDrainTimeout`: 1 s). */
const RELAY_SETTLE_MS = 1300;

export interface ArmState {
  readonly setting: SessionSetting;
  readonly context: Context;
  readonly place: ArmPlace;
  readonly site: KubernetesSite;
  readonly parts: KubernetesParts;
  /** As they were when last looked at: before and after each window. */
  readonly seen: Map<string, Pod>;
  /** Filled as things are found out. */
  readonly notes: Record<string, string>;
}

interface OwnContainer {
  readonly role: Role;
  readonly pod: KubernetesPod;
  readonly container: string;
}

export async function deploymentOf(state: ArmState): Promise<Deployment> {
  const { setting, context, place, parts } = state;
  const own = ownContainers(state);
  return {
    arm: place.arm,
    features: parts.features,
    components: own.filter(({ role }) => role !== 'generator').map((each) => componentOf(state, each)),
    envoys: [],
    bpfPrograms: [],
    links: [],
    nodes: await nodesOf(state, own),
    wire: wireOf(state),
    ...(parts.ownMetrics ? { ownMetrics: parts.ownMetrics } : {}),
    cadvisor: viewsOf(state, own),
    hubble: parts.observed ? await hubbleView(state) : undefined,
    expectations: parts.expectations,
    notes: Object.assign(state.notes, {
      context: context.name,
      clientNodes: place.clientNodes.join(', '),
      serverNodes: place.serverNodes.join(', '),
      ...parts.notes,
    }),
    logDirectory: setting.logDirectory,
    async pathCounters() {
      const found = await listPods(context.kubectl, place.namespace);
      state.seen.clear();
      for (const pod of found) state.seen.set(pod.metadata.name, pod);
      return parts.pathCounters(ownPods(state));
    },
    target: (spec, engine, connections) => {
      const actual = place.servers.find(({ workload }) => workload === spec.workload) ?? spec;
      return {
        arm: place.arm,
        engine,
        dial: { host: parts.hosts[0] ?? '', port: actual[parts.port] },
        connections,
        requestBytes: spec.requestBytes,
        responseBytes: spec.responseBytes,
      };
    },
  };
}

/** @throws MeshtaxError MT5003 when one of them is gone. */
function ownPods({ context, site, seen }: ArmState): Pod[] {
  return podsOf(site).map(({ namespace, name }) => {
    const pod = seen.get(name);
    if (!pod) throw new MeshtaxError('MT5003', { context: context.name, what: `pod ${namespace}/${name}`, problem: 'it is gone' });
    return pod;
  });
}

function ownContainers({ place: { shape }, site }: ArmState): OwnContainer[] {
  return podsOf(site).flatMap((pod): OwnContainer[] => {
    const isClient = pod.side === 'client';
    const app: OwnContainer = {
      role: isClient ? 'generator' : 'server-app',
      pod,
      container: isClient ? GENERATOR_CONTAINER : SERVER_CONTAINER,
    };
    const { injected } = shape;
    if (!injected?.sides.includes(pod.side)) return [app];
    return [app, { role: isClient ? 'client-proxy' : 'server-proxy', pod, container: injected.container }];
  });
}

/** What is known of it is as old as the last look at the pods: before and after each window. */
function componentOf({ seen }: ArmState, { role, pod, container }: OwnContainer): Component {
  return { role, ended: () => endOf(seen.get(pod.name), container) };
}

function viewsOf({ context, site, parts }: ArmState, own: readonly OwnContainer[]): CadvisorView[] {
  const nodes = [...new Set([...own.map(({ pod }) => pod.node), ...parts.containers.map(({ node }) => node)])];
  return nodes.map((node) => ({
    source: context.cadvisor(node),
    containers: [
      ...own
        .filter(({ pod }) => pod.node === node)
        .map(({ role, pod, container }) => ({ role, namespace: pod.namespace, pod: pod.name, container })),
      ...parts.containers.filter((each) => each.node === node),
    ],
    pods: podsOf(site)
      .filter((pod) => pod.node === node)
      .map(({ side, namespace, name }) => ({ name: side, namespace, pod: name })),
  }));
}

/** The nodes of its pods; with an agent, what it shows of this deployment's containers at any moment. */
async function nodesOf({ setting, context, parts, seen }: ArmState, own: readonly OwnContainer[]): Promise<NodeView[]> {
  const agents = setting.nodeAgents.get(context.name);
  const others = agents ? await Promise.all(parts.containers.map(async (each) => ({ ...each, id: await containerId(context, each) }))) : [];
  const all = [
    ...own.map((each) => ({ role: each.role, node: each.pod.node, id: containerIdOf(seen.get(each.pod.name), each.container) })),
    ...others,
  ];
  // Nodes of its pods alone: a control plane elsewhere must not bring a further machine into the sum.
  const nodes = [...new Set(own.map(({ pod }) => pod.node))];
  const machines = new Set(context.machinesOf(nodes));
  return nodes.map((node) => {
    const containers = all.filter((each) => each.node === node && each.id !== '');
    return {
      name: node,
      isMachine: machines.has(node),
      now: agents && ((edge) => agents.moment(node, containers, edge)),
      samples: context.resources(node),
    };
  });
}

/** Of the first pair, where its two nodes are not one, and somebody is on the client's to look. */
function wireOf({ setting, context, site }: ArmState): WireView | undefined {
  const agents = setting.nodeAgents.get(context.name);
  const [client, server] = [site.clients[0], site.servers[0]];
  if (!agents || !client || !server || client.node === server.node) return undefined;
  const nodes = [context.addressOf(client.node), context.addressOf(server.node)] as const;
  return { watch: () => agents.watch(client.node, { pods: [client.address, server.address], nodes }) };
}

async function containerId(
  { kubectl }: Context,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
): Promise<string> {
  return containerIdOf(await kubectl.find<Pod>(`/api/v1/namespaces/${namespace}/pods/${pod}`), container);
}

async function hubbleView({ context, place, site }: ArmState): Promise<HubbleView | undefined> {
  const address = await context.relay();
  if (address === undefined) return undefined;
  return {
    address,
    settleMs: RELAY_SETTLE_MS,
    tls: await context.relayTls(),
    pods: [`${place.namespace}/`],
    client: `${place.namespace}/client`,
    serverAddress: site.servers[0]?.address ?? '',
  };
}
