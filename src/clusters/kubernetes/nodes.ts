/** Nodes: what they are, and which of them the pods go to. */
import { MeshtaxError } from '../../model/errors.ts';
import type { KubernetesApi } from '../../model/contracts/kubernetes.ts';

/** As the API has it. */
export interface Node {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly { readonly key: string; readonly effect: string }[] };
  readonly status: {
    readonly allocatable: Readonly<Record<string, string>>;
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

export function isSchedulable({ spec, status }: Node): boolean {
  const ready = status.conditions?.some(({ type, status: yes }) => type === 'Ready' && yes === 'True') === true;
  const tainted = spec.taints?.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute') === true;
  return ready && spec.unschedulable !== true && !tainted;
}

export interface Chosen {
  readonly clients: readonly string[];
  readonly server: string;
}

/**
 * The server's node, and one for each client pod; the same for every arm of a context. By name, so that a resumed run
 * finds its own again. @throws MeshtaxError MT5005 when the placement cannot be had.
 */
export function chooseNodes(
  nodes: readonly Node[],
  wanted: { readonly clients: readonly string[]; readonly servers: readonly string[] } | undefined,
  placement: 'cross-node' | 'same-node',
  generators: number,
  context: string,
): Chosen {
  const known = nodes
    .filter(isSchedulable)
    .map(({ metadata }) => metadata.name)
    .sort();
  const refuse = (problem: string): never => {
    throw new MeshtaxError('MT5005', { context, problem });
  };
  for (const name of [...(wanted?.clients ?? []), ...(wanted?.servers ?? [])])
    if (!known.includes(name)) refuse(`the node ${name} is not there or takes no pods`);
  const server = wanted?.servers[0] ?? known.at(-1) ?? refuse('no node is ready and takes pods');
  const others = wanted?.clients ?? (placement === 'same-node' ? [server] : known.filter((name) => name !== server));
  if (placement === 'cross-node' && others.some((name) => name === server)) refuse(`${server} would have both client and server`);
  if (others.length === 0) refuse('one node alone is no cross-node placement; set placement: same-node');
  if (placement === 'same-node' && others.some((name) => name !== server)) refuse('same-node means one node for both');
  return { clients: Array.from({ length: generators }, (_, index) => others[index % others.length] as string), server };
}

/** Unequal machines would be compared with each other. */
export function shapesOf(nodes: readonly Node[]): string[] {
  return [
    ...new Set(
      nodes.map(({ status }) => `${status.allocatable['cpu']} CPUs, ${status.nodeInfo.architecture}, ${status.nodeInfo.kernelVersion}`),
    ),
  ];
}

/** `2`, `1500m` in CPUs; `Ki`, `Mi`, `Gi` in bytes. */
export function quantityOf(text: string | undefined): number {
  const match = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|Ti|k|M|G)?$/.exec(text ?? '');
  const factor = { m: 1e-3, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4, k: 1e3, M: 1e6, G: 1e9, '': 1 }[match?.[2] ?? ''] ?? 1;
  return match ? Number(match[1]) * factor : Number.NaN;
}
