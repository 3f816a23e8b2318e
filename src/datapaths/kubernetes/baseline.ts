/** What a baseline must not touch, and how that is seen: in its pods as the API has them. */
import type { KubernetesParts, KubernetesPod, KubernetesSite } from '../../model/contracts/kubernetes.ts';
import type { PathExpectation } from '../../model/contracts/deployment.ts';

interface PodSpec {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly { readonly name: string }[];
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[];
  };
  readonly status: { readonly podIP?: string; readonly hostIP?: string };
}

export function readPod({ api }: KubernetesSite, { namespace, name }: KubernetesPod): Promise<PodSpec> {
  return api.get<PodSpec>(`/api/v1/namespaces/${namespace}/pods/${name}`);
}

export function podsOf({ clients, server }: KubernetesSite): readonly KubernetesPod[] {
  return [...clients, server];
}

export const UNTOUCHED: readonly PathExpectation[] = [
  { counter: 'sidecars', equals: 'zero', meaning: 'no container but ours in its pods' },
  { counter: 'ambientPods', equals: 'zero', meaning: 'no pod of it is redirected to a node proxy of Istio' },
];

/** Ours are one container a pod, and one that unpacks before it. */
export async function untouched(site: KubernetesSite): Promise<Record<string, number>> {
  const pods = await Promise.all(podsOf(site).map((pod) => readPod(site, pod)));
  const foreign = pods.flatMap(({ spec }) => [
    ...spec.containers.slice(1),
    ...(spec.initContainers ?? []).filter(({ name }) => name !== 'unpack'),
  ]);
  const ambient = pods.filter(({ metadata }) => metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled');
  return { sidecars: foreign.length, ambientPods: ambient.length };
}

/** Pods of this site that Cilium forwards for; 0 where there is no Cilium. */
export async function ciliumEndpoints({ api, namespace }: KubernetesSite): Promise<number> {
  const found = await api.find<{ items: readonly unknown[] }>(`/apis/cilium.io/v2/namespaces/${namespace}/ciliumendpoints`);
  return found?.items.length ?? 0;
}

export const NOTHING_MORE: Pick<KubernetesParts, 'containers' | 'observed' | 'notes' | 'problems'> = {
  containers: [],
  observed: false,
  notes: {},
  problems: [],
};
