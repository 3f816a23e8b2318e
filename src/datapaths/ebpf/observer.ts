/** Who reads the datapath's events: without a reader they cost next to nothing, so an observer runs as Cilium's agent does. */
import type { Component } from '../../model/contracts/deployment.ts';
import type { HubbleView } from '../../model/contracts/hubble.ts';
import type { LabPod, LabSite } from '../../model/contracts/lab-site.ts';

/** As many as Cilium keeps by default. */
const RING_FLOWS = 4095;

export interface ObserverPlan {
  /** Pinned perf event maps, with the node each belongs to. */
  readonly maps: readonly { readonly pin: string; readonly node: string }[];
  readonly ids: Readonly<Record<LabPod['name'], { readonly endpoint: number; readonly identity: number }>>;
  /** Where each pod is. */
  readonly nodes: Readonly<Record<LabPod['name'], string>>;
}

export async function startObserver(
  site: LabSite,
  { maps, ids, nodes }: ObserverPlan,
): Promise<{ component: Component; view: HubbleView }> {
  const socket = `${await site.directory('observer')}/hubble.sock`;
  const configuration = {
    socket,
    protos: `${site.tools.dataDirectory}/../hubble`,
    reader: `${await site.tools.programs()}/flow-reader`,
    maps,
    ringFlows: RING_FLOWS,
    endpoints: [site.client, site.server].map((pod) => ({
      address: pod.address,
      id: ids[pod.name].endpoint,
      identity: ids[pod.name].identity,
      namespace: site.arm,
      pod: pod.name,
      labels: [`k8s:app=${pod.name}`, `k8s:io.kubernetes.pod.namespace=${site.arm}`],
      node: nodes[pod.name],
      cgroup: `${site.unifiedCgroup}/${pod.name}`,
    })),
    services: site.servers.map(({ workload, servicePort }) => ({
      address: site.serviceAddress,
      port: servicePort,
      namespace: site.arm,
      name: workload,
    })),
  };
  let ready = false;
  const component = await site.start({
    role: 'observer',
    netns: site.nodes[0]?.netns ?? site.client.netns,
    command: [...site.tools.node('clusters/lab/observer/main.ts'), JSON.stringify(configuration)],
    onLine: (line) => {
      ready ||= line === 'ready';
    },
  });
  await site.waitFor(component, 'serving flows', async () => ready);
  const name = (pod: string) => `${site.arm}/${pod}`;
  return {
    component,
    view: { address: `unix:${socket}`, pods: [`${site.arm}/`], client: name('client'), server: name('server') },
  };
}
