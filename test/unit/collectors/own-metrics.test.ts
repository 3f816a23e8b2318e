/** What proxies and agents say of themselves, from real pages. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ownMetrics } from '../../../src/collectors/own-metrics.ts';
import { figure, metricsOf } from '../../../src/datapaths/kubernetes/reading.ts';
import type { CollectorScope } from '../../../src/model/contracts/collector.ts';
import type { OwnFigure } from '../../../src/model/contracts/deployment.ts';
import { parseExposition } from '../../../src/model/exposition.ts';

const agentPage = parseExposition(readFileSync(new URL('../../fixtures/cilium/agent-metrics.txt', import.meta.url), 'utf8'));

test('figures of a real agent: summed over labels, in our units, nothing for a series that is not there', async () => {
  const read = metricsOf('agent', async () => agentPage, [
    figure('forwarded', 'count', 'cilium_forward_count_total'),
    figure('incoming', 'count', 'cilium_forward_count_total', { where: { direction: 'INGRESS' } }),
    figure('processCpu', 'ns', 'cilium_process_cpu_seconds_total', { scale: 1e9 }),
    figure('resident', 'bytes', 'cilium_process_resident_memory_bytes', { kind: 'gauge' }),
    figure('absent', 'count', 'no_such_series'),
  ]);
  expect(Object.fromEntries((await read.read()).map(({ metric, value }) => [metric, value]))).toEqual({
    forwarded: 21_190 + 17_956,
    incoming: 17_956,
    processCpu: 9.79e9,
    resident: 203_489_280,
  });
});

describe('over a window', () => {
  const figures = (requests: number, bytes: number): OwnFigure[] => [
    { metric: 'requests', unit: 'count', kind: 'counter', value: requests },
    { metric: 'allocated', unit: 'bytes', kind: 'gauge', value: bytes },
  ];
  const window = async (pages: (readonly OwnFigure[] | Error)[]) => {
    const left = [...pages];
    const read = async () => {
      const next = left.shift() ?? new Error('asked too often');
      if (next instanceof Error) throw next;
      return next;
    };
    const scope = { deployment: { ownMetrics: [{ component: 'client-proxy', read }] } } as unknown as CollectorScope;
    return (await ownMetrics.open(scope)).close();
  };
  const name = { collector: 'own-metrics', component: 'client-proxy' };
  test('counters by how far they moved, gauges as they are', async () =>
    expect(await window([figures(10, 5), figures(110, 7)])).toEqual([
      { ...name, metric: 'requests', unit: 'count', kind: 'counter', value: 100 },
      { ...name, metric: 'allocated', unit: 'bytes', kind: 'gauge', value: 7 },
    ]));
  test('a proxy that began anew has no figure', async () =>
    expect((await window([figures(110, 5), figures(10, 7)]))[0]).toEqual({
      ...name,
      metric: 'requests',
      notMeasured: 'its counters began anew',
    }));
  test('a page that cannot be read is a reason', async () =>
    expect(await window([figures(1, 1), new Error('gone')])).toEqual([{ ...name, metric: 'page', notMeasured: 'gone' }]));
});
