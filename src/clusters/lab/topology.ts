/**
 * One arm's network: two pods on two nodes joined by a wire (or on one node), each a network namespace of its own.
 * Every arm has its own nodes, so that what one datapath installs there costs no other arm anything; all arms use the
 * same addresses, so that they differ in nothing but the datapath. Nothing is created in the host's namespace.
 *
 *   client pod 10.77.1.2 --- node-a ===wire=== node-b --- 10.77.2.2 server pod
 */
import type { LabNode, LabPod } from '../../model/contracts/lab-site.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { Processes } from '../../model/ports.ts';
import { netnsName } from './names.ts';
import { deleteNamespaces } from './namespaces.ts';

export const SERVICE_ADDRESS = '10.96.0.10';
const SYSCTLS = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'];

export interface Topology {
  readonly client: LabPod;
  readonly server: LabPod;
  readonly nodes: readonly LabNode[];
}

export function planTopology(run: string, arm: number, placement: 'cross-node' | 'same-node'): Topology {
  const pod = (name: 'client' | 'server', network: number): LabPod => ({
    name,
    netns: netnsName(run, arm, name),
    address: `10.77.${network}.2`,
    gateway: `10.77.${network}.1`,
    device: 'eth0',
    nodeDevice: `pod-${name}`,
  });
  const client = pod('client', 1);
  const server = pod('server', 2);
  const nodeA = netnsName(run, arm, 'node-a');
  const nodes: LabNode[] =
    placement === 'same-node'
      ? [{ name: 'node-a', netns: nodeA, pods: [client, server] }]
      : [
          { name: 'node-a', netns: nodeA, pods: [client], wire: { device: 'wire', address: '10.77.0.1' } },
          { name: 'node-b', netns: netnsName(run, arm, 'node-b'), pods: [server], wire: { device: 'wire', address: '10.77.0.2' } },
        ];
  return { client, server, nodes };
}

export async function buildTopology(topology: Topology, processes: Processes, undo: PushUndo): Promise<void> {
  const namespaces = [...topology.nodes.map((node) => node.netns), topology.client.netns, topology.server.netns];
  undo('network namespaces', () => deleteNamespaces(processes, namespaces));
  await processes.run(['ip', '-batch', '-'], { input: lines([...namespaces.map((name) => `netns add ${name}`), ...links(topology)]) });
  await Promise.all([
    ...topology.nodes.map((node) => configure(processes, node.netns, nodeCommands(node, topology))),
    ...[topology.client, topology.server].map((pod) => configure(processes, pod.netns, podCommands(pod))),
  ]);
}

/** veth pairs, each end created straight into its namespace. */
function links(topology: Topology): string[] {
  const pods = topology.nodes.flatMap((node) =>
    node.pods.map((pod) => `link add ${pod.device} netns ${pod.netns} type veth peer name ${pod.nodeDevice} netns ${node.netns}`),
  );
  const [a, b] = topology.nodes;
  return b === undefined ? pods : [...pods, `link add wire netns ${a?.netns} type veth peer name wire netns ${b.netns}`];
}

function podCommands(pod: LabPod): string[] {
  return [
    'link set lo up',
    `addr add ${pod.address}/24 dev ${pod.device}`,
    `link set ${pod.device} up`,
    `route add default via ${pod.gateway}`,
  ];
}

function nodeCommands(node: LabNode, topology: Topology): string[] {
  const commands = ['link set lo up'];
  for (const pod of node.pods) commands.push(`addr add ${pod.gateway}/24 dev ${pod.nodeDevice}`, `link set ${pod.nodeDevice} up`);
  const other = topology.nodes.find((candidate) => candidate !== node);
  if (node.wire && other?.wire) {
    commands.push(`addr add ${node.wire.address}/24 dev ${node.wire.device}`, `link set ${node.wire.device} up`);
    for (const pod of other.pods) commands.push(`route add ${pod.address.replace(/\d+$/, '0')}/24 via ${other.wire.address}`);
  }
  return commands;
}

async function configure(processes: Processes, netns: string, commands: readonly string[]): Promise<void> {
  await processes.run(['nsenter', `--net=/run/netns/${netns}`, '--', 'sysctl', '-q', '-w', ...SYSCTLS]);
  await processes.run(['ip', '-n', netns, '-batch', '-'], { input: lines(commands) });
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}
