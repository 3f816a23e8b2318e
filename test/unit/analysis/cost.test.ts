/** Money, from slopes and memory that are known. */
import { describe, expect, test } from 'vitest';
import type { ComparisonAnalysis } from '../../../src/analysis/analyse.ts';
import { breakEvens, costsOf, HOURS_PER_MONTH, type CostInputs } from '../../../src/analysis/cost.ts';

const GIB = 1024 ** 3;
const interval = (estimate: number, half = 0) => ({ estimate, low: estimate - half, high: estimate + half, n: 10 });
const metric = (id: string, value: number, versus?: object) => ({ metric: { id }, value: interval(value), versus });
/** CPU over the baseline in ms per 1000 requests, with half an interval of 20 ms. */
const cell = (arm: string, cpuMs: number, memory: Readonly<Record<string, number>>, tier = 'L7') => ({
  arm,
  tier,
  baseline: 'direct',
  idle: { machine: interval(0) },
  metrics: [
    metric('cpu.machine', 0, { difference: interval(cpuMs * 1e6, 20e6) }),
    ...Object.entries(memory).flatMap(([component, bytes]) => [
      metric(`memory.${component}`, bytes),
      metric(`memoryOfOne.${component}`, bytes),
    ]),
  ],
});
const comparison = {
  cells: [
    { arm: 'direct', baseline: undefined, metrics: [] },
    cell('sidecars', 400, { 'client-proxy': GIB / 16, 'server-proxy': GIB / 16, generator: GIB }),
    cell('node-proxy', 200, { 'node-proxy': GIB / 4, agent: GIB / 4, 'control-plane': GIB }),
  ],
} as unknown as ComparisonAnalysis;
const inputs: CostInputs = { nodes: 10, podsPerNode: 16, requestsPerSecond: 5000, perCoreHour: 0.1, perGibHour: 0.01 };

describe('cost a month', () => {
  test('cores from the slope, memory by who pays for it; generator and application cost nothing here', () => {
    const [sidecars, node] = costsOf(comparison, inputs);
    // 400 ms of CPU per 1000 requests at 5000/s are two cores; 160 pods with a sixteenth of a GiB are ten GiB.
    expect(sidecars).toMatchObject({ arm: 'sidecars', gib: 10 });
    expect(sidecars?.cores.estimate).toBeCloseTo(2, 9);
    expect(sidecars?.cores.low).toBeCloseTo(1.9, 9);
    expect(sidecars?.perMonth?.estimate).toBeCloseTo((2 * 0.1 + 10 * 0.01) * HOURS_PER_MONTH, 6);
    // Half a GiB on each of ten nodes, and one for the cluster.
    expect(node?.gib).toBeCloseTo(6, 9);
  });
  test('break-even density: where the two bills meet', () => {
    const dear = { ...inputs, requestsPerSecond: 0 };
    const [found] = breakEvens(costsOf(comparison, dear), dear);
    // 6 GiB against a sixteenth of a GiB a pod on ten nodes: 9.6 pods a node.
    expect(found).toMatchObject({ perPod: 'sidecars', perNode: 'node-proxy' });
    expect(found?.podsPerNode.estimate).toBeCloseTo(9.6, 6);
    const at = { ...dear, podsPerNode: 9.6 };
    const [a, b] = costsOf(comparison, at);
    expect(a?.perMonth?.estimate).toBeCloseTo(b?.perMonth?.estimate ?? 0, 6);
  });
  test('where CPU alone decides, one is cheaper at any density, over the whole interval', () =>
    expect(breakEvens(costsOf(comparison, inputs), { ...inputs, perGibHour: 1e-6 })[0]?.podsPerNode.high).toBeLessThan(0));
  test('what is free, of another tier, or not a slope is not weighed', () => {
    expect(breakEvens(costsOf(comparison, inputs), { ...inputs, perGibHour: 0 })).toEqual([]);
    const [base, sidecars] = comparison.cells;
    const other = { ...comparison, cells: [base, sidecars, cell('ebpf', 10, { agent: GIB }, 'L4')] } as unknown as ComparisonAnalysis;
    expect(breakEvens(costsOf(other, inputs), inputs)).toEqual([]);
    const flat = { ...comparison, cells: [{ ...cell('kubelet', 100, {}), idle: {} }] } as unknown as ComparisonAnalysis;
    expect(costsOf(flat, inputs)).toEqual([]);
  });
  test('of several pods or nodes, each pays for one', () => {
    const two = cell('ambient', 100, { 'node-proxy': GIB / 4 });
    const summed = {
      ...two,
      metrics: [...two.metrics.filter(({ metric: { id } }) => !id.startsWith('memory.')), metric('memory.node-proxy', GIB / 2)],
    };
    expect(costsOf({ cells: [summed] } as unknown as ComparisonAnalysis, inputs)[0]?.memory.bytesPerNode).toBe(GIB / 4);
  });
  test('what ran and was not measured is no zero: no memory, no money, no break-even', () => {
    const blind = cell('sidecars', 400, {});
    const withCpu = { ...blind, metrics: [...blind.metrics, metric('cpu.client-proxy', 1)] };
    const [found] = costsOf({ cells: [withCpu] } as unknown as ComparisonAnalysis, inputs);
    expect(found).toMatchObject({ gib: undefined, perMonth: undefined, memory: { bytesPerPod: undefined, bytesPerNode: 0 } });
    expect(found?.cores.estimate).toBeCloseTo(2, 9);
    const both = { cells: [withCpu, cell('node-proxy', 100, { 'node-proxy': GIB })] } as unknown as ComparisonAnalysis;
    expect(breakEvens(costsOf(both, inputs), inputs)).toEqual([]);
  });
});

test('memory that the baseline holds too is nobody’s price', () => {
  const base = { ...cell('cilium', 0, { agent: GIB / 4 }), baseline: undefined };
  const with2MiBMore = { ...cell('cilium-wireguard', 100, { agent: GIB / 4 + 2 * 1024 ** 2 }), baseline: 'cilium' };
  const [cost] = costsOf({ cells: [base, with2MiBMore] } as unknown as ComparisonAnalysis, inputs);
  expect(cost?.gib).toBeCloseTo((10 * 2) / 1024, 9);
  expect(cost?.memory.bytesPerNode).toBe(GIB / 4 + 2 * 1024 ** 2);
});
