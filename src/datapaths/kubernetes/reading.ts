/** How datapaths look at what runs beside their own pods. */
import type { KubernetesApi, KubernetesPod } from '../../model/contracts/kubernetes.ts';
import type { OwnFigure, OwnMetrics, Role } from '../../model/contracts/deployment.ts';
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

/** How a figure is read from a page; undefined: the page does not have it. */
type Figure = (page: Page) => OwnFigure | undefined;

/** A counter's sum, or a gauge's, over the samples whose labels fit. `scale`: seconds to ns. */
export function figure(
  metric: string,
  unit: OwnFigure['unit'],
  series: string,
  more: { readonly kind?: OwnFigure['kind']; readonly scale?: number; readonly where?: Readonly<Record<string, string>> } = {},
): Figure {
  const { kind = 'counter', scale = 1, where = {} } = more;
  const fits = (labels: Readonly<Record<string, string>>) => Object.entries(where).every(([label, value]) => labels[label] === value);
  return (page) =>
    page.samples.some(({ name }) => name === series) ? { metric, unit, kind, value: sumOf(page, series, fits) * scale } : undefined;
}

export const ENVOY_MEMORY = figure('allocated', 'bytes', 'envoy_server_memory_allocated', { kind: 'gauge' });

export function metricsOf(component: Role, read: () => Promise<Page>, figures: readonly Figure[]): OwnMetrics {
  return {
    component,
    async read() {
      const page = await read();
      return figures.map((each) => each(page)).filter((each) => each !== undefined);
    },
  };
}
