import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cadvisor } from '../../../src/collectors/cadvisor.ts';
import { interfaceOf, isNetworkRowOf, isRowOf, rowsOf } from '../../../src/collectors/cadvisor/rows.ts';
import { overWindow, type Moved, type Point } from '../../../src/collectors/cadvisor/window.ts';
import type { Deployment } from '../../../src/model/contracts/deployment.ts';
import { parseExposition } from '../../../src/model/exposition.ts';
import type { Clock } from '../../../src/model/ports.ts';
import { fakeSystem } from '../../fakes.ts';

const recorded = (name: string) => readFileSync(new URL(`../../fixtures/kubelet/${name}`, import.meta.url), 'utf8');

describe('a counter over a window', () => {
  const every = (ms: number, rate: (atMs: number) => number): Point[] =>
    Array.from({ length: 40 }, (_, i) => ({ atMs: i * ms, value: rate(i * ms) }));

  test('a steady rate is found exactly, wherever the edges lie', () => {
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 400 }), fc.integer({ min: 1500, max: 3000 }), (from, length) => {
        const moved = overWindow(
          every(100, (at) => at * 3),
          from,
          from + length,
        ) as Moved;
        expect(moved.value).toBeCloseTo(length * 3);
        expect(moved.byRegression).toBeCloseTo(length * 3);
      }),
    );
  });

  test('whatever the counter did between samples, the truth lies within the bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 4000, maxLength: 4000 }),
        fc.integer({ min: 210, max: 900 }),
        fc.integer({ min: 800, max: 2800 }),
        (steps, from, length) => {
          const total = steps.reduce<number[]>((sums, step) => [...(sums.push((sums.at(-1) ?? 0) + step), sums)], []);
          const at = (ms: number) => total[ms] as number;
          const truth = at(from + length) - at(from);
          const moved = overWindow(every(100, at), from, from + length) as Moved;
          expect(moved.low).toBeLessThanOrEqual(truth);
          expect(moved.high).toBeGreaterThanOrEqual(truth);
          expect(moved.value).toBeGreaterThanOrEqual(moved.low);
          expect(moved.value).toBeLessThanOrEqual(moved.high);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('two scrapes with one timestamp are one sample; fewer than three, no bracket or a reset give no figure', () => {
    const points = every(1000, (at) => at);
    expect(overWindow([...points, ...points], 1500, 8500)).toMatchObject({ samples: 7, value: 7000 });
    expect(overWindow(points, 1500, 3400)).toBe('2 distinct samples in a window of 1900 ms; 3 are needed');
    expect(overWindow(points.slice(2), 1500, 8500)).toBe('no sample before the start of the window');
    expect(overWindow(points.slice(0, 8), 1500, 8500)).toBe('no sample after the end of the window');
    const restarted = points.map(({ atMs, value }) => ({ atMs, value: atMs < 5000 ? value : value - 5000 }));
    expect(overWindow(restarted, 1500, 8500)).toBe('the counter went back: it was restarted');
    // A clock that may be 600 ms off moves the edges outwards, and the bounds with them.
    expect(overWindow(points, 2500, 8500, 600)).toMatchObject({ low: 3000, high: 9000 });
  });
});

describe('rows of a real kubelet', () => {
  const page = parseExposition(recorded('cilium-n1-cadvisor-1.txt'));
  const istio = parseExposition(recorded('istio-n1-cadvisor-1.txt'));
  const CPU = 'container_cpu_usage_seconds_total';

  test('of a container one row; never its pod, its sandbox or a sum', () => {
    const rows = rowsOf(page, CPU, (labels) => isRowOf(labels, { namespace: 'bench', pod: 'cli', container: 'cli' }));
    expect(rows).toEqual([{ id: expect.stringMatching(/^\/kubepods\/besteffort\//), atMs: 1_795_226_619_829, value: 0.977744892 }]);
    expect(rowsOf(page, CPU, (labels) => isRowOf(labels, { namespace: 'bench', pod: 'cli', container: '' }))).toEqual([]);
    expect(rowsOf(istio, CPU, ({ container }) => container === 'istio-proxy').length).toBeGreaterThan(1);
  });

  test('network: the sandbox of containerd and of dockershim; of a host-network pod nothing', () => {
    const wanted = { namespace: 'bench', pod: 'cli' };
    expect(interfaceOf(page, (labels) => isNetworkRowOf(labels, wanted))).toBe('eth0');
    const host = page.samples.find(({ labels }) => labels['pod']?.startsWith('cilium-operator'))?.labels['pod'] ?? '';
    expect(interfaceOf(page, (labels) => isNetworkRowOf(labels, { namespace: 'kube-system', pod: host }))).toBeUndefined();
    const labels = { container: 'POD', name: 'k8s_POD_web', namespace: 'bench', pod: 'web' };
    expect(isNetworkRowOf(labels, { namespace: 'bench', pod: 'web' })).toBe(true);
    expect(isNetworkRowOf({ ...labels, container: '', name: '' }, { namespace: 'bench', pod: 'web' })).toBe(false);
  });

  test('CPU given by CPU is added up, unless there is a total', () => {
    const perCpu = 'c{id="/a",cpu="cpu00"} 1 5\nc{id="/a",cpu="cpu01"} 2 5\n';
    expect(rowsOf(parseExposition(perCpu), 'c', () => true)).toEqual([{ id: '/a', atMs: 5, value: 3 }]);
    expect(rowsOf(parseExposition(`${perCpu}c{id="/a",cpu="total"} 3.5 5`), 'c', () => true)).toEqual([{ id: '/a', atMs: 5, value: 3.5 }]);
    expect(rowsOf(parseExposition('c{id="/a"} 1'), 'c', () => true)).toEqual([]);
  });
});

describe('the collector', () => {
  /** Time passes only while somebody sleeps. */
  function source(options: { readonly page: (nowMs: number) => string; readonly housekeepingMs?: number; readonly jumpsAt?: number }) {
    let nowMs = 1_000_000;
    const clock: Clock = {
      monotonicNs: () => nowMs * 1e6,
      wallTime: () => new Date(nowMs + (nowMs > (options.jumpsAt ?? Infinity) ? 3_600_000 : 0)),
      async sleep(milliseconds) {
        await new Promise((resolve) => setImmediate(resolve));
        nowMs = Math.max(nowMs, nowMs + milliseconds / 2);
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    const view = {
      source: { where: '', housekeepingMs: options.housekeepingMs ?? 100, clockErrorMs: 0, scrape: async () => options.page(nowMs) },
      containers: [{ role: 'server-app' as const, namespace: 'arm', pod: 'server', container: 'server-app' }],
      pods: [{ name: 'server', namespace: 'arm', pod: 'server' }],
    };
    return { clock, view, pass: async (turns: number) => Promise.all(Array.from({ length: turns }, () => clock.sleep(100))) };
  }

  /** Sampled every 100 ms; CPU grows by 0.5 s a second. */
  const row = (nowMs: number, extra = '') => {
    const atMs = Math.floor(nowMs / 100) * 100;
    const labels = 'namespace="arm",pod="server"';
    return [
      `container_cpu_usage_seconds_total{container="server-app",id="/x",${labels}} ${(atMs - 900_000) / 2000} ${atMs}`,
      `container_memory_rss{container="server-app",id="/x",${labels}} 4096 ${atMs}`,
      `container_network_receive_bytes_total{container="",name="pause",id="/p",interface="eth0",${labels}} ${atMs} ${atMs}`,
      extra,
    ].join('\n');
  };

  async function recordedBy(page: (nowMs: number) => string, jumpsAt = Infinity) {
    const { clock, view, pass } = source({ page, jumpsAt });
    const scope = {
      deployment: { cadvisor: [view] } as unknown as Deployment,
      generator: undefined,
      system: fakeSystem({ clock }),
      host: {},
    };
    const recording = await cadvisor.open(scope);
    const from = clock.wallTime().getTime();
    for (let turn = 0; turn < 20; turn++) await pass(1);
    const to = clock.wallTime().getTime();
    const readings = await recording.close();
    return { windowMs: to - from, of: (metric: string) => readings.find((reading) => reading.metric === metric) };
  }

  test('CPU, memory and traffic of a window, with bounds', async () => {
    const { windowMs, of } = await recordedBy((nowMs) => row(nowMs));
    const cpu = of('cpu') as { value: number; range: [number, number] };
    expect(cpu.value).toBeCloseTo((windowMs / 1000 / 2) * 1e9, -1);
    expect(cpu.range[0]).toBeLessThanOrEqual(cpu.value);
    expect(cpu.range[1] - cpu.range[0]).toBeLessThanOrEqual(0.1e9);
    expect((of('cpuByRegression') as { value: number }).value).toBeCloseTo(cpu.value, -7);
    expect(of('memory')).toMatchObject({ value: 4096, kind: 'gauge' });
    expect(of('received')).toMatchObject({ component: 'server', unit: 'bytes' });
    expect(of('memoryWorkingSet')).toMatchObject({ notMeasured: 'the page has no such series' });
  });

  test('a source that answers nonsense, nothing or never twice the same container: a reason, never a figure', async () => {
    expect((await recordedBy(() => 'no exposition {')).of('cpu')).toMatchObject({ notMeasured: 'the page has no such series' });
    const failing = await recordedBy(() => {
      throw new Error('connection refused');
    });
    expect(failing.of('cpu')).toMatchObject({ notMeasured: 'connection refused' });
    const replaced = await recordedBy((nowMs) => row(nowMs).replaceAll('"/x"', nowMs > 1_000_500 ? '"/y"' : '"/x"'));
    expect(replaced.of('cpu')).toMatchObject({ notMeasured: 'the container was restarted' });
    const again = await recordedBy((nowMs) =>
      row(nowMs, `container_start_time_seconds{id="/x",namespace="arm"} ${nowMs > 1_000_500 ? 2 : 1}`),
    );
    expect(again.of('cpu')).toMatchObject({ notMeasured: 'the container was restarted' });
    const set = await recordedBy((nowMs) => row(nowMs), 1_000_500);
    for (const metric of ['cpu', 'memory', 'received'])
      expect(set.of(metric)).toMatchObject({ notMeasured: expect.stringMatching(/^the wall clock was set: it moved by 36\d{5} ms/) });
    const frozen = await recordedBy(() => row(999_900));
    expect(frozen.of('cpu')).toMatchObject({ notMeasured: expect.stringMatching(/^0 distinct samples/) });
  });
});
