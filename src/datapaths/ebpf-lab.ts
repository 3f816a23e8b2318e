import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import type { LabNode, LabPod, LabSite } from '../model/contracts/lab-site.ts';
import { memberSchema } from '../model/experiment.ts';
import { PLAIN } from '../model/features.ts';
import { attachToCgroup, attachToDevice, deviceOf, loadObject, readPerCpuArray, updateMap, type Attachment } from './ebpf/bpftool.ts';
import {
  backend,
  endpointInfo,
  ipcacheKey,
  nodeConfig,
  policyAllow,
  policyKey,
  serviceEntry,
  serviceKey,
  u32,
  type Bytes,
} from './ebpf/encode.ts';
import { ENDPOINT, IDENTITY, nodeOf, startObserver } from './observer.ts';

const options = z.object({
  countRequests: z.boolean().default(true).describe('count requests in the kernel, to prove the path; costs each packet a little'),
  observability: z
    .enum(['off', 'flows'])
    .default('flows')
    .describe('flows: perf events, read and served as Hubble flows by an observer; off: no events, no observer'),
  aggregation: z
    .enum(['none', 'low', 'medium', 'maximum'])
    .default('medium')
    .describe(
      'none: an event of every packet wherever it passes; low: where it is sent; medium and maximum: new connections, new TCP flags, every 5 s',
    ),
});
type Options = z.output<typeof options>;

const SOCKET_PROGRAMS = [
  ['connect4', 'sock4_connect'],
  ['getpeername4', 'sock4_getpeername'],
  ['sendmsg4', 'sock4_sendmsg'],
  ['recvmsg4', 'sock4_recvmsg'],
] as const;
/** Slots of clusters/lab/bpf/types.h. */
const PROOF = { requestsEgress: 0, requestsIngress: 1, uncertain: 2 } as const;
const LB_TRANSLATED = 0;

/** Our own eBPF programs with the cost structure of Cilium's datapath. Not Cilium. */
export const ebpfLab: Datapath = {
  id: 'ebpf-lab',
  title: 'eBPF datapath',
  schema: memberSchema('ebpf-lab', options),
  features: (selected) => ({
    ...PLAIN,
    identity: 'ip',
    policy: 'l4',
    telemetry: telemetryOf(options.parse(selected)),
    loadBalancing: 'at connect(), random backend',
    notes: "the lab's own programs after Cilium's structure (conntrack, ipcache, policy, metrics, events, redirect); not Cilium",
  }),
  lab: {
    async deploy(site, selected) {
      const chosen = options.parse(selected);
      const nodes = await Promise.all(site.nodes.map((node) => deployNode(site, node, chosen)));
      const sockets = await deploySocketLb(site);
      const first = nodes[0] as DeployedNode;
      const last = nodes.at(-1) as DeployedNode;
      const observer = chosen.observability === 'off' ? undefined : await observe(site, nodes, sockets.directory);
      return {
        components: observer ? [observer.component] : [],
        hubble: observer?.view,
        envoys: [],
        bpfPrograms: [...nodes.flatMap((node) => node.programs), ...sockets.programs],
        expectations: [
          ...(chosen.countRequests
            ? ([
                {
                  counter: 'ebpfRequestsEgress',
                  equals: 'requests',
                  meaning: "requests that the programs of the client's node saw leave the pod",
                },
                {
                  counter: 'ebpfRequestsIngress',
                  equals: 'requests',
                  meaning: "requests that the programs of the server's node saw enter the pod",
                },
                { counter: 'ebpfUncertain', equals: 'zero', meaning: 'segments whose requests could not be counted exactly' },
              ] as const)
            : []),
          { counter: 'serviceTranslations', equals: 'connections', meaning: 'connect() calls that the service map translated' },
        ],
        notes: { attachment: first.attachment },
        pathCounters: async () => {
          const [egress, ingress, translated] = await Promise.all([
            readPerCpuArray(site, `${first.directory}/maps/proof`),
            readPerCpuArray(site, `${last.directory}/maps/proof`),
            readPerCpuArray(site, `${sockets.directory}/maps/lb_proof`),
          ]);
          const uncertain = (egress[PROOF.uncertain] ?? 0) + (last === first ? 0 : (ingress[PROOF.uncertain] ?? 0));
          return {
            ebpfRequestsEgress: egress[PROOF.requestsEgress] ?? 0,
            ebpfRequestsIngress: ingress[PROOF.requestsIngress] ?? 0,
            ebpfUncertain: uncertain,
            serviceTranslations: translated[LB_TRANSLATED] ?? 0,
          };
        },
        address: (server) => ({ host: site.serviceAddress, port: server.servicePort }),
      };
    },
  },
};

interface DeployedNode {
  readonly directory: string;
  readonly attachment: Attachment;
  readonly programs: readonly { readonly name: string; readonly pin: string }[];
}

function telemetryOf({ observability, aggregation }: Options): string {
  return observability === 'off' ? 'per-CPU packet metrics' : `flow events, aggregation ${aggregation}; per-CPU packet metrics`;
}

/** The events of both nodes and of the sockets go to one observer. */
async function observe(site: LabSite, nodes: readonly DeployedNode[], socketDirectory: string) {
  const maps = nodes.map(({ directory }, index) => ({ pin: `${directory}/maps/events`, node: site.nodes[index]?.name ?? '' }));
  const sockets = { pin: `${socketDirectory}/maps/lb_events`, node: nodeOf(site, site.client) };
  const observer = await startObserver(site, { maps: [...maps, sockets] });
  await updateMap(site, `${socketDirectory}/maps/lb_config`, [[u32(0), u32(1)]]);
  return observer;
}

async function deployNode(site: LabSite, node: LabNode, chosen: Options): Promise<DeployedNode> {
  const directory = `${site.pinDirectory}/${node.name}`;
  const map = (name: string) => `${directory}/maps/${name}`;
  const program = (name: string) => `${directory}/progs/${name}`;
  await loadObject(site, 'endpoint', directory);
  const { countRequests, aggregation } = chosen;
  await updateMap(site, map('config'), [[u32(0), nodeConfig({ countRequests, emitEvents: chosen.observability !== 'off', aggregation })]]);
  await updateMap(
    site,
    map('ipcache'),
    [site.client, site.server].map((pod) => [ipcacheKey(pod.address), u32(IDENTITY[pod.name])]),
  );
  await updateMap(
    site,
    map('policy'),
    node.pods.flatMap((pod) => policyOf(site, pod)),
  );
  await updateMap(site, map('endpoints'), await Promise.all(node.pods.map((pod) => endpointOf(site, node, pod))));

  let attachment: Attachment = 'clsact';
  for (const pod of node.pods) {
    attachment = await attachToDevice(site, node.netns, pod.nodeDevice, 'ingress', program('from_container'));
    await attachToDevice(site, node.netns, pod.nodeDevice, 'egress', program('to_container'));
  }
  if (node.wire) await attachToDevice(site, node.netns, node.wire.device, 'ingress', program('from_netdev'));
  const names = ['from_container', 'to_container', ...(node.wire ? ['from_netdev'] : [])];
  return { directory, attachment, programs: names.map((name) => ({ name: `${node.name}/${name}`, pin: program(name) })) };
}

/** The client may reach the server's ports and nothing else; the server may be reached on them by the client alone. */
function policyOf(site: LabSite, pod: LabPod): (readonly [Bytes, Bytes])[] {
  const direction = pod.name === 'client' ? 'egress' : 'ingress';
  const identity = pod.name === 'client' ? IDENTITY.server : IDENTITY.client;
  return site.servers.map((server) => [
    policyKey({ endpoint: ENDPOINT[pod.name], identity, direction, port: server.containerPort }),
    policyAllow,
  ]);
}

async function endpointOf(site: LabSite, node: LabNode, pod: LabPod): Promise<readonly [Bytes, Bytes]> {
  const [inside, outside] = await Promise.all([deviceOf(site, pod.netns, pod.device), deviceOf(site, node.netns, pod.nodeDevice)]);
  const info = { ifindex: outside.ifindex, id: ENDPOINT[pod.name], identity: IDENTITY[pod.name], podMac: inside.mac, nodeMac: outside.mac };
  return [[...ipcacheKey(pod.address).slice(4)], endpointInfo(info)];
}

async function deploySocketLb(site: LabSite): Promise<{ directory: string; programs: readonly { name: string; pin: string }[] }> {
  const directory = `${site.pinDirectory}/sockets`;
  await loadObject(site, 'socket_lb', directory);
  await updateMap(
    site,
    `${directory}/maps/lb_backends`,
    site.servers.map((server, index) => [u32(index + 1), backend({ address: site.server.address, port: server.containerPort })]),
  );
  await updateMap(
    site,
    `${directory}/maps/lb_services`,
    site.servers.flatMap((server, index) => {
      const service = { address: site.serviceAddress, port: server.servicePort };
      return [
        [serviceKey({ ...service, slot: 0 }), serviceEntry({ backendId: 0, count: 1 })],
        [serviceKey({ ...service, slot: 1 }), serviceEntry({ backendId: index + 1, count: 0 })],
      ] as const;
    }),
  );
  for (const [type, name] of SOCKET_PROGRAMS) await attachToCgroup(site, site.unifiedCgroup, type, `${directory}/progs/${name}`);
  return { directory, programs: SOCKET_PROGRAMS.map(([type, name]) => ({ name: `sockets/${type}`, pin: `${directory}/progs/${name}` })) };
}
