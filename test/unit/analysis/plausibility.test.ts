import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../../src/analysis/analyse.ts';
import { implausible } from '../../../src/analysis/plausibility.ts';
import { PLAIN } from '../../../src/model/features.ts';
import type { ArmRecord } from '../../../src/model/records.ts';

const interval = (estimate: number, half: number) => ({ estimate, low: estimate - half, high: estimate + half, n: 10 });
const analysisOf = (metrics: readonly object[]) =>
  ({ comparisons: [{ workload: 'http-echo', cells: [{ arm: 'mesh', baseline: 'direct', metrics }] }] }) as unknown as Analysis;
const arm = (l7: number) => [{ name: 'mesh', features: { ...PLAIN, l7PassesPerRequest: l7, notes: '' } }] as unknown as ArmRecord[];
const cpu = (cores: number, half = 0.01) => ({ metric: { id: 'cpu.client-proxy' }, value: interval(cores * 1e9, half * 1e9) });
const p50 = (ratio: number) => ({ metric: { id: 'latency.p50' }, versus: { ratio: interval(ratio, 0.1) } });
const codes = (metrics: readonly object[], l7 = 2) => implausible(analysisOf(metrics), arm(l7)).map(({ code }) => code);

describe('what cannot be', () => {
  test.each([
    ['a proxy that costs next to nothing', [cpu(0.05)], ['MT0401']],
    ['a proxy that costs very much', [cpu(0.9)], ['MT0402']],
    ['a believable proxy', [cpu(0.3)], []],
    ['one whose interval reaches into the believable', [cpu(0.08, 0.05)], []],
  ])('%s', (_title, metrics, expected) => expect(codes(metrics)).toEqual(expected));
  test('layer 4 that doubles the latency, but not layer 7', () => {
    expect(codes([p50(2.5)], 0)).toEqual(['MT0403']);
    expect(codes([p50(2.5)], 2)).toEqual([]);
    expect(codes([p50(1.2)], 0)).toEqual([]);
  });
});
