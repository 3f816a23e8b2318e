/** How datapaths look at what runs beside their own pods. */
import type { KubernetesApi, KubernetesPod } from '../../model/contracts/kubernetes.ts';
import { parseExposition, type Page } from '../../model/exposition.ts';

/** Pods of the control plane and of node agents, with the node they are on: their CPU is part of what a mesh costs. */
export async function podsLabelled(
  api: KubernetesApi,
  namespace: string,
  selector: string,
): Promise<readonly { name: string; node: string }[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
  const { items } = await api.get<{ items: readonly { metadata: { name: string }; spec: { nodeName?: string } }[] }>(path);
  return items.map(({ metadata, spec }) => ({ name: metadata.name, node: spec.nodeName ?? '' }));
}

/** The Prometheus page of a pod's port, through the API server: nothing is started in the pod. */
export async function pageOf(
  api: KubernetesApi,
  { namespace, name }: Pick<KubernetesPod, 'namespace' | 'name'>,
  port: number,
  path: string,
): Promise<Page> {
  return parseExposition(await api.text(`/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy${path}`));
}

/** Sum over the samples of a name whose labels fit. */
export function sumOf(page: Page, name: string, wanted: (labels: Readonly<Record<string, string>>) => boolean = () => true): number {
  return page.samples.filter((sample) => sample.name === name && wanted(sample.labels)).reduce((sum, { value }) => sum + value, 0);
}
