/**
 * Who watches a datapath, in the place of Cilium's agent and Hubble's server: takes perf events and access logs, serves
 * flows. Events that nobody reads cost next to nothing, so without an observer a datapath would be flattered.
 */
import type { Component } from '../model/contracts/deployment.ts';
import type { HubbleView } from '../model/contracts/hubble.ts';
import type { LabPod, LabSite } from '../model/contracts/lab-site.ts';

/** As many as Cilium keeps by default. */
const RING_FLOWS = 4095;

/** Cilium's numbering: identities below 256 are reserved. */
export const IDENTITY = { client: 10_001, server: 10_002 } as const;
export const ENDPOINT = { client: 101, server: 102 } as const;

export interface Sources {
  /** Pinned perf event maps, with the node each belongs to. */
  readonly maps?: readonly { readonly pin: string; readonly node: string }[];
  /** The socket that Envoys of this uid send their access logs to. */
  readonly accessLog?: { readonly socket: string; readonly owner: number };
}

/** Resolves when all buffers are open and flows are served. */
export async function startObserver(site: LabSite, { maps = [], accessLog }: Sources): Promise<{ component: Component; view: HubbleView }> {
  const socket = `${await site.directory('observer')}/hubble.sock`;
  const configuration = {
    socket,
    protos: `${site.tools.dataDirectory}/../hubble`,
    reader: `${await site.tools.programs()}/flow-reader`,
    maps,
    ...(accessLog ? { accessLog: { ...accessLog, protos: `${site.tools.dataDirectory}/envoy` } } : {}),
    ringFlows: RING_FLOWS,
    endpoints: [site.client, site.server].map((pod) => endpointOf(site, pod)),
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
  const view = {
    address: `unix:${socket}`,
    pods: [`${site.arm}/`],
    client: `${site.arm}/client`,
    serverAddress: site.server.address,
  };
  return { component, view };
}

export function nodeOf(site: LabSite, pod: LabPod): string {
  return site.nodes.find((node) => node.pods.includes(pod))?.name ?? 'node-a';
}

function endpointOf(site: LabSite, pod: LabPod) {
  return {
    address: pod.address,
    id: ENDPOINT[pod.name],
    identity: IDENTITY[pod.name],
    namespace: site.arm,
    pod: pod.name,
    labels: [`k8s:app=${pod.name}`, `k8s:io.kubernetes.pod.namespace=${site.arm}`],
    node: nodeOf(site, pod),
    cgroup: `${site.unifiedCgroup}/${pod.name}`,
  };
}
