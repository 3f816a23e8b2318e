/** Nodes: what they are, and which of them the pods go to. */
import { MeshtaxError } from '../../model/errors.ts';
import type { KubernetesApi } from '../../model/contracts/kubernetes.ts';
import type { KubernetesOptions } from './options.ts';

/** As the API has it. */
export interface Node {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly { readonly key: string; readonly effect: string }[] };
  readonly status: {
    /** Of a node whose kubelet never came there is none. */
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo: Readonly<
      Record<'kernelVersion' | 'kubeletVersion' | 'containerRuntimeVersion' | 'osImage' | 'architecture' | 'bootID', string>
    >;
  };
}

export async function nodesOf(api: KubernetesApi): Promise<readonly Node[]> {
  return (await api.get<{ items: readonly Node[] }>('/api/v1/nodes')).items;
}

export function isReady({ status }: Node): boolean {
  return status.conditions?.some(({ type, status: yes }) => type === 'Ready' && yes === 'True') === true;
}

export function isSchedulable(node: Node): boolean {
  const { spec } = node;
  const tainted = spec.taints?.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute') === true;
  return isReady(node) && spec.unschedulable !== true && !tainted;
}

/** By index; client i asks server i modulo their number. */
export interface Chosen {
  readonly clients: readonly string[];
  readonly servers: readonly string[];
}

type Wanted = { readonly clients: readonly string[]; readonly servers: readonly string[] } | undefined;
type Counts = Pick<KubernetesOptions, 'placement' | 'generators' | 'servers'>;

/**
 * A node for each server pod, and one for each client pod; the same for every arm of a context. By name, so that a resumed
 * run finds its own again. @throws MeshtaxError MT5005 when the placement cannot be had.
 */
export function chooseNodes(nodes: readonly Node[], wanted: Wanted, counts: Counts, context: string): Chosen {
  const known = nodes
    .filter(isSchedulable)
    .map(({ metadata }) => metadata.name)
    .sort();
  const problem = problemOf(known, wanted, counts);
  if (problem !== undefined) throw new MeshtaxError('MT5005', { context, problem });
  const servers = (wanted?.servers ?? known.toReversed()).slice(0, counts.servers);
  const clients = Array.from({ length: counts.generators }, (_, index) => {
    const server = servers[index % servers.length] as string;
    if (counts.placement === 'same-node') return server;
    const candidates = wanted?.clients ?? withoutServers(known, servers) ?? known.filter((name) => name !== server);
    return candidates[index % candidates.length] as string;
  });
  if (counts.placement === 'cross-node') refuseShared(clients, servers, context);
  return { clients, servers };
}

function problemOf(known: readonly string[], wanted: Wanted, { placement, servers }: Counts): string | undefined {
  if (known.length === 0) return 'no node is ready and takes pods';
  const unknown = [...(wanted?.clients ?? []), ...(wanted?.servers ?? [])].find((name) => !known.includes(name));
  if (unknown !== undefined) return `the node ${unknown} is not there or takes no pods`;
  const places = new Set(wanted?.servers ?? known).size;
  if (places < servers) return `${servers} servers need a node each, there are ${places}`;
  if (placement === 'cross-node' && known.length < 2) return 'one node alone is no cross-node placement; set placement: same-node';
  if (placement === 'same-node' && wanted?.clients.some((name) => !wanted.servers.includes(name)) === true)
    return 'same-node means one node for both';
  return undefined;
}

/** Generators keep away from servers where there are nodes enough for both. */
function withoutServers(known: readonly string[], servers: readonly string[]): readonly string[] | undefined {
  const free = known.filter((name) => !servers.includes(name));
  return free.length > 0 ? free : undefined;
}

function refuseShared(clients: readonly string[], servers: readonly string[], context: string): void {
  const shared = clients.find((name, index) => name === servers[index % servers.length]);
  if (shared !== undefined) throw new MeshtaxError('MT5005', { context, problem: `${shared} would have both client and server` });
}

/** Unequal machines would be compared with each other. */
export function shapesOf(nodes: readonly Node[]): string[] {
  return [
    ...new Set(
      nodes.map(
        ({ status }) =>
          `${status.allocatable?.['cpu'] ?? 'unknown'} CPUs, ${status.nodeInfo.architecture}, ${status.nodeInfo.kernelVersion}`,
      ),
    ),
  ];
}

/** `2`, `1500m` in CPUs; `Ki`, `Mi`, `Gi` in bytes. */
export function quantityOf(text: string | undefined): number {
  const match = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|Ti|k|M|G)?$/.exec(text ?? '');
  const factor = { m: 1e-3, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4, k: 1e3, M: 1e6, G: 1e9, '': 1 }[match?.[2] ?? ''] ?? 1;
  return match ? Number(match[1]) * factor : Number.NaN;
}
