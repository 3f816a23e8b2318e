import { expect, test } from 'vitest';
import { pageOf } from '../../../src/clusters/lab/cadvisor/page.ts';
import { readContainer, readLink, type WatchedContainer } from '../../../src/clusters/lab/cadvisor/reading.ts';
import { parseExposition } from '../../../src/model/exposition.ts';

const NET_DEV = [
  'Inter-|   Receive                                                |  Transmit',
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
  '    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0',
  '  eth0:    4096      40    1    2    0     0          0         0     8192      50    3    4    0     0       0          0',
].join('\n');

const container = (version: 'v1' | 'v2', change: Partial<WatchedContainer> = {}): WatchedContainer => ({
  namespace: 'arm',
  pod: 'server',
  container: 'server-app',
  id: '/meshtax/r/1/server/server-app',
  image: 'localhost/server-app:lab',
  name: 'r-1-server-server-app',
  cgroup: { version, cpu: '/cpu', memory: '/memory', unified: '/unified' },
  startedAtMs: 1_700_000_000_500,
  ...change,
});

const V1: Record<string, string> = {
  '/cpu/cpuacct.usage': '2500000000\n',
  '/cpu/cpuacct.usage_user': '2000000000\n',
  '/cpu/cpuacct.usage_sys': '500000000\n',
  '/memory/memory.usage_in_bytes': '10000\n',
  '/memory/memory.stat': 'rss 1\ntotal_rss 4000\ntotal_cache 5000\ntotal_inactive_file 3000\ntotal_mapped_file 7\ntotal_swap 0\n',
  '/unified/cpu.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=250000\n',
  '/proc/42/net/dev': NET_DEV,
};
const V2: Record<string, string> = {
  '/cpu/cpu.stat': 'usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 40000\n',
  '/memory/memory.current': '10000\n',
  '/memory/memory.stat': 'anon 4000\nfile 5000\ninactive_file 3000\nfile_mapped 7\n',
};

function pageFrom(watched: WatchedContainer, files: Record<string, string>) {
  const state = readContainer(
    watched,
    (path) => files[path],
    () => 1_700_000_009_123,
  );
  const { samples, unreadable } = parseExposition(pageOf(state ? [{ container: watched, state }] : []));
  expect(unreadable).toBe(0);
  return (name: string) => samples.find((sample) => sample.name === name);
}

test('cgroup v1 and v2 give the same figures, at the time they were read', () => {
  for (const [version, files] of [
    ['v1', V1],
    ['v2', V2],
  ] as const) {
    const of = pageFrom(container(version), files);
    expect(of('container_cpu_usage_seconds_total')).toMatchObject({
      value: 2.5,
      timestampMs: 1_700_000_009_123,
      labels: { cpu: 'total', container: 'server-app', namespace: 'arm', pod: 'server', id: '/meshtax/r/1/server/server-app' },
    });
    expect(of('container_cpu_user_seconds_total')?.value).toBe(2);
    expect(of('container_memory_working_set_bytes')?.value).toBe(7000);
    expect(of('container_memory_rss')?.value).toBe(4000);
    expect(of('container_memory_cache')?.value).toBe(5000);
    expect(of('container_start_time_seconds')).toMatchObject({ value: 1_700_000_000, timestampMs: undefined });
  }
});

test('throttling where there is a quota, pressure where the kernel has it, traffic of the sandbox: nothing is made up', () => {
  const v1 = pageFrom(container('v1'), V1);
  expect(v1('container_cpu_cfs_throttled_seconds_total')).toBeUndefined();
  expect(v1('container_pressure_cpu_waiting_seconds_total')?.value).toBe(1.5);
  expect(v1('container_pressure_cpu_stalled_seconds_total')?.value).toBe(0.25);
  expect(v1('container_pressure_io_waiting_seconds_total')).toBeUndefined();
  expect(v1('container_network_receive_bytes_total')).toBeUndefined();
  const v2 = pageFrom(container('v2'), V2);
  expect(v2('container_cpu_cfs_throttled_seconds_total')?.value).toBe(0.04);
  expect(v2('container_pressure_cpu_waiting_seconds_total')).toBeUndefined();
  const sandbox = pageFrom(container('v1', { container: '', network: { pid: 42, device: 'eth0' } }), V1);
  expect(sandbox('container_network_receive_bytes_total')).toMatchObject({ value: 4096, labels: { interface: 'eth0', container: '' } });
  expect(sandbox('container_network_transmit_packets_dropped_total')?.value).toBe(4);
  expect(readLink(NET_DEV, 'eth1')).toBeUndefined();
});

test('a cgroup that is gone has no rows', () => {
  expect(
    readContainer(
      container('v1'),
      () => undefined,
      () => 1,
    ),
  ).toBeUndefined();
  expect(pageOf([])).toBe('');
});
