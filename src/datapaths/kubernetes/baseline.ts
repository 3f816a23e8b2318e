/** What a baseline must not touch, and how that is seen: in its pods as the API has them. */
import type { KubernetesParts, KubernetesSite, Pod } from '../../model/contracts/kubernetes.ts';
import type { PathExpectation } from '../../model/contracts/deployment.ts';

/** For arms that no mesh may touch although it is on their cluster. */
export const NO_MESH = { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' } as const;

/** Past every service. */
export function atPods({ servers }: KubernetesSite): Pick<KubernetesParts, 'hosts' | 'port'> {
  return { hosts: servers.map(({ address }) => address), port: 'containerPort' };
}

export const UNTOUCHED: readonly PathExpectation[] = [
  { counter: 'sidecars', equals: 'zero', meaning: 'no container but ours in its pods' },
  { counter: 'ambientPods', equals: 'zero', meaning: 'no pod of it is redirected to a node proxy of Istio' },
];

/** Ours are one container a pod, and one that unpacks before it. */
export function untouched(pods: readonly Pod[]): Record<string, number> {
  const foreign = pods.flatMap(({ spec }) => [
    ...spec.containers.slice(1),
    ...(spec.initContainers ?? []).filter(({ name }) => name !== 'unpack'),
  ]);
  const ambient = pods.filter(({ metadata }) => metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled');
  return { sidecars: foreign.length, ambientPods: ambient.length };
}

interface EndpointList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly id?: number; readonly state?: string };
  }[];
}

/** What Cilium forwards for in this namespace; none where there is no Cilium. */
export async function ciliumEndpoints({ api, namespace }: KubernetesSite): Promise<EndpointList['items']> {
  return (await api.find<EndpointList>(`/apis/cilium.io/v2/namespaces/${namespace}/ciliumendpoints`))?.items ?? [];
}

export const NOTHING_MORE: Pick<KubernetesParts, 'containers' | 'observed' | 'notes' | 'problems'> = {
  containers: [],
  observed: false,
  notes: {},
  problems: [],
};
