/** The lab's containers as cAdvisor shows them: its names, labels, units and help texts (google/cadvisor, lib/metrics/prometheus.go). */
import { formatExposition, type Family, type Labels } from '../../../model/exposition.ts';
import type { ContainerState, NetworkState, WatchedContainer } from './reading.ts';

export interface SampledContainer {
  readonly container: WatchedContainer;
  readonly state: ContainerState;
}

interface Series {
  readonly name: string;
  readonly help: string;
  readonly type: Family['type'];
  /** Undefined where there is nothing to tell; several where a label tells them apart. */
  readonly values: (state: ContainerState) => number | undefined | readonly { readonly labels: Labels; readonly value: number }[];
}

const counter = (name: string, help: string, values: Series['values']): Series => ({ name, help, type: 'counter', values });
const gauge = (name: string, help: string, values: Series['values']): Series => ({ name, help, type: 'gauge', values });
const seconds = (ns: number) => ns / 1e9;

const SERIES: readonly Series[] = [
  counter('container_cpu_cfs_periods_total', 'Number of elapsed enforcement period intervals.', (state) => state.throttling?.periods),
  counter('container_cpu_cfs_throttled_periods_total', 'Number of throttled period intervals.', (s) => s.throttling?.throttledPeriods),
  counter(
    'container_cpu_cfs_throttled_seconds_total',
    'Total time duration the container has been throttled.',
    ({ throttling }) => throttling && seconds(throttling.throttledNs),
  ),
  counter('container_cpu_system_seconds_total', 'Cumulative system cpu time consumed in seconds.', ({ cpu }) => seconds(cpu.systemNs)),
  counter('container_cpu_usage_seconds_total', 'Cumulative cpu time consumed in seconds.', ({ cpu }) => [
    { labels: { cpu: 'total' }, value: seconds(cpu.usageNs) },
  ]),
  counter('container_cpu_user_seconds_total', 'Cumulative user cpu time consumed in seconds.', ({ cpu }) => seconds(cpu.userNs)),
  gauge('container_last_seen', 'Last time a container was seen by the exporter', ({ atMs }) => Math.floor(atMs / 1000)),
  gauge('container_memory_cache', 'Number of bytes of page cache memory.', ({ memory }) => memory.cache),
  gauge('container_memory_mapped_file', 'Size of memory mapped files in bytes.', ({ memory }) => memory.mappedFile),
  gauge('container_memory_rss', 'Size of RSS in bytes.', ({ memory }) => memory.rss),
  gauge('container_memory_swap', 'Container swap usage in bytes.', ({ memory }) => memory.swap),
  gauge(
    'container_memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    ({ memory }) => memory.usage,
  ),
  gauge('container_memory_working_set_bytes', 'Current working set in bytes.', ({ memory }) => memory.workingSet),
  ...(['receive', 'transmit'] as const).flatMap((direction) => [
    network(direction, 'bytes', 'bytes', direction === 'receive' ? 'bytes received' : 'bytes transmitted'),
    network(direction, 'errors', 'errors', `errors encountered while ${direction === 'receive' ? 'receiving' : 'transmitting'}`),
    network(direction, 'packets_dropped', 'dropped', `packets dropped while ${direction === 'receive' ? 'receiving' : 'transmitting'}`),
    network(direction, 'packets', 'packets', `packets ${direction === 'receive' ? 'received' : 'transmitted'}`),
  ]),
  ...(['cpu', 'io', 'memory'] as const).flatMap((resource) => [
    pressure(resource, 'stalled', 'Total time duration no tasks in the container could make progress due to'),
    pressure(resource, 'waiting', 'Total time duration tasks in the container have waited due to'),
  ]),
];

function network(direction: keyof NetworkState, name: string, field: keyof NetworkState['receive'], what: string): Series {
  return counter(`container_network_${direction}_${name}_total`, `Cumulative count of ${what}`, (state) =>
    state.network ? state.network[direction][field] : undefined,
  );
}

function pressure(resource: 'cpu' | 'memory' | 'io', kind: 'waiting' | 'stalled', help: string): Series {
  const why = { cpu: 'CPU congestion', io: 'IO congestion', memory: 'memory congestion' }[resource];
  return counter(
    `container_pressure_${resource}_${kind}_seconds_total`,
    `${help} ${why}.`,
    (state) => state.pressure.find((each) => each.resource === resource)?.[kind],
  );
}

export function pageOf(sampled: readonly SampledContainer[]): string {
  const families = SERIES.map(({ name, help, type, values }): Family => ({
    name,
    help,
    type,
    samples: sampled.flatMap(({ container, state }) => {
      const value = values(state);
      if (value === undefined) return [];
      const each = typeof value === 'number' ? [{ labels: {}, value }] : value;
      return each.map(({ labels, value: number }) => ({
        labels: { ...labelsOf(container, labels, name.startsWith('container_network_')) },
        value: number,
        timestampMs: state.atMs,
      }));
    }),
  }));
  return formatExposition([...families, startTimes(sampled)]);
}

function labelsOf(container: WatchedContainer, own: Labels, ofNetwork: boolean): Labels {
  const { namespace, pod, container: name, id, image } = container;
  const device = ofNetwork && container.network ? { interface: container.network.device } : {};
  return { container: name, ...own, id, image, ...device, name: container.name, namespace, pod };
}

/** A constant of the container: cAdvisor gives it no timestamp. */
function startTimes(sampled: readonly SampledContainer[]): Family {
  return {
    name: 'container_start_time_seconds',
    help: 'Start time of the container since unix epoch in seconds.',
    type: 'gauge',
    samples: sampled.map(({ container }) => ({
      labels: labelsOf(container, {}, false),
      value: Math.floor(container.startedAtMs / 1000),
      timestampMs: undefined,
    })),
  };
}
