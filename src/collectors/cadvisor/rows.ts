/**
 * Which rows of a cAdvisor page belong to a container, and which to a pod's network. A page also has rows that sum
 * others up (`container=""` of a pod, of a QoS class, of the machine): nothing is ever added up over rows.
 *
 * - CPU and memory: the row of the container; never `container=""` or the sandbox `container="POD"` of dockershim.
 * - Network: the sandbox's row, `container="POD"` under dockershim, `container=""` with a `name` under containerd.
 */
import type { Labels, Page, Sample } from '../../model/exposition.ts';

export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export function isRowOf(labels: Labels, { namespace, pod, container }: ContainerName): boolean {
  return labels['namespace'] === namespace && labels['pod'] === pod && labels['container'] === container && container !== '';
}

export function isNetworkRowOf(labels: Labels, { namespace, pod }: Omit<ContainerName, 'container'>): boolean {
  const ofSandbox = labels['container'] === 'POD' || (labels['container'] === '' && (labels['name'] ?? '') !== '');
  return labels['namespace'] === namespace && labels['pod'] === pod && ofSandbox;
}

/** A value of one container at one time; several ids at once are a container and the one that it replaced. */
export interface Row {
  readonly id: string;
  readonly atMs: number;
  readonly value: number;
}

/** Rows of a metric: the total where it is given by CPU too, else the sum over CPUs. Rows without a timestamp are none. */
export function rowsOf(page: Page, metric: string, wanted: (labels: Labels) => boolean): Row[] {
  const byId = new Map<string, Sample[]>();
  for (const sample of page.samples) {
    if (sample.name !== metric || sample.timestampMs === undefined || !Number.isFinite(sample.value) || !wanted(sample.labels)) continue;
    const id = sample.labels['id'] ?? '';
    byId.set(id, [...(byId.get(id) ?? []), sample]);
  }
  return [...byId].map(([id, samples]) => {
    const totals = samples.filter(({ labels }) => labels['cpu'] === 'total' || labels['cpu'] === undefined);
    const counted = totals.length > 0 ? totals.slice(0, 1) : samples;
    return {
      id,
      atMs: counted[0]?.timestampMs as number,
      value: counted.reduce((sum, { value }) => sum + value, 0),
    };
  });
}

/** The pod's own device; undefined where there are several, as on the host's network. */
export function interfaceOf(page: Page, wanted: (labels: Labels) => boolean): string | undefined {
  const names = new Set(
    page.samples
      .filter(({ name, labels }) => name === 'container_network_receive_bytes_total' && wanted(labels))
      .map(({ labels }) => labels['interface'] ?? ''),
  );
  if (names.has('eth0') && names.size <= 2) return 'eth0';
  return names.size === 1 ? [...names][0] : undefined;
}
