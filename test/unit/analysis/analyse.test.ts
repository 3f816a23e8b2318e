import { describe, expect, test } from 'vitest';
import { analyse, type CellMetric } from '../../../src/analysis/analyse.ts';
import { runOf, trialOf } from '../../records.ts';

const latencies = (base: number, n = 2000) => Array.from({ length: n }, (_, i) => base + i * 10);

function metric(stored: Parameters<typeof analyse>[0], arm: string, id: string): CellMetric {
  const cell = analyse(stored).comparisons[0]?.cells.find((each) => each.arm === arm);
  const found = cell?.metrics.find((each) => each.metric.id === id);
  if (!found) throw new Error(`${arm} has no ${id}`);
  return found;
}

describe('analyse', () => {
  test('compares inside blocks: what both arms of a block felt cancels', () => {
    const drift = [1, 6, 2, 9, 3, 7];
    const trials = drift.flatMap((shift, block) => [
      trialOf({ block, arm: 'direct', latenciesNs: latencies(1e6 * shift) }),
      trialOf({ block, arm: 'envoy', latenciesNs: latencies(1.5e6 * shift) }),
    ]);
    const p50 = metric(runOf(trials), 'envoy', 'latency.p50');
    expect(p50.versus?.ratio?.low).toBeGreaterThan(1.48);
    expect(p50.versus?.ratio?.high).toBeLessThan(1.52);
    expect(p50.versus?.verdict).toBe('higher');
  });

  test('of a run that was to have so many blocks and was ended before, somebody may have looked', () => {
    const trials = [0, 1, 2, 3].flatMap((block) => ['direct', 'envoy'].map((arm) => trialOf({ block, arm, latenciesNs: latencies(1e6) })));
    const kindOf = (status: 'complete' | 'interrupted') => analyse(runOf(trials, { stop: 'fixed', status })).intervals;
    expect([kindOf('complete'), kindOf('interrupted')]).toEqual(['fixed', 'anytime']);
  });

  test('the unit of replication is the block: more requests in a block narrow nothing', () => {
    const run = (n: number) =>
      runOf(
        [0, 1, 2, 3].flatMap((block) => [
          trialOf({ block, arm: 'direct', latenciesNs: Array.from({ length: n }, () => 1e6) }),
          trialOf({ block, arm: 'envoy', latenciesNs: Array.from({ length: n }, () => 1e6 * (1 + block / 10)) }),
        ]),
      );
    const width = (n: number) => {
      const { low, high } = metric(run(n), 'envoy', 'latency.p50').versus?.difference ?? { low: 0, high: 0 };
      return high - low;
    };
    expect(width(4000) / width(1000)).toBeCloseTo(1, 2);
  });

  test('gives no percentile with fewer than 10 samples above it, and says so', () => {
    const trials = [0, 1, 2].flatMap((block) =>
      ['direct', 'envoy'].map((arm) => trialOf({ block, arm, latenciesNs: latencies(1e6, 900) })),
    );
    const p99 = metric(runOf(trials), 'envoy', 'latency.p99');
    expect(p99.value).toBeUndefined();
    expect(p99.versus).toBeUndefined();
    expect(p99.missing).toContain('fewer than 10');
    expect(metric(runOf(trials), 'envoy', 'latency.p90').value).toBeDefined();
  });

  test('1000 samples carry a p99 exactly: 10 lie above it', () => {
    const trials = [0, 1].flatMap((block) => ['direct', 'envoy'].map((arm) => trialOf({ block, arm, latenciesNs: latencies(1e6, 1000) })));
    expect(metric(runOf(trials), 'envoy', 'latency.p99').value).toBeDefined();
  });

  test('CPU at one rate is never set against the slope of a ladder: an arm without a valid step has no CPU', () => {
    const step = (block: number, arm: string, valid: boolean) => ({
      ...trialOf({ block, arm, latenciesNs: latencies(1e6), valid }),
      id: `${block}-cpu-${arm}`,
      kind: 'cpu' as const,
      share: 0.5,
    });
    const trials = [0, 1, 2].flatMap((block) => [
      ...['direct', 'envoy'].map((arm) => trialOf({ block, arm, latenciesNs: latencies(1e6) })),
      ...[step(block, 'direct', true), step(block, 'envoy', false)],
    ]);
    expect(metric(runOf(trials.filter(({ kind }) => kind === 'latency')), 'envoy', 'cpu.machine').value).toBeDefined();
    expect(() => metric(runOf(trials), 'envoy', 'cpu.machine')).toThrow(/has no cpu.machine/);
  });

  test('memory of a pod pair is no figure where one of its proxies has none', () => {
    const memory = (component: string, value: number) =>
      ({ collector: 'cadvisor', metric: 'memory', component, unit: 'bytes', kind: 'gauge', value }) as const;
    const missing = { collector: 'cadvisor', metric: 'memory', component: 'server-proxy', notMeasured: 'no sample in the window' };
    const trials = (notMeasured: (typeof missing)[]) =>
      [0, 1].flatMap((block) =>
        ['direct', 'envoy'].map((arm) => {
          const trial = trialOf({ block, arm, latenciesNs: latencies(1e6) });
          return { ...trial, measures: [...trial.measures, memory('client-proxy', 3e7), memory('server-app', 5e7)], notMeasured };
        }),
      );
    expect(metric(runOf(trials([])), 'envoy', 'memory.datapath').value?.estimate).toBe(3e7);
    expect(() => metric(runOf(trials([missing])), 'envoy', 'memory.datapath')).toThrow(/has no memory.datapath/);
    expect(metric(runOf(trials([missing])), 'envoy', 'memory.client-proxy').value?.estimate).toBe(3e7);
  });

  test('what a mask would drop is said only where the mask is used', () => {
    const masked = (block: number, arm: string, dropped: number) => {
      const trial = trialOf({ block, arm, latenciesNs: latencies(1e6) });
      const response = trial.result.arms[0]?.response ?? { count: 0, hdr: '' };
      return {
        ...trial,
        masked: { arm, response, dropped },
        host: { meter: 'real-time' as const, stalls: 1, longestNs: 1e6, lostShare: 0, log: [] },
      };
    };
    const droppedOf = (other: number) =>
      analyse(runOf([0, 1].flatMap((block) => [masked(block, 'direct', 20), masked(block, 'envoy', other)]))).validity.masked;
    expect(droppedOf(20)).toEqual({ dropped: 80, answered: 8000 });
    expect(droppedOf(100)).toEqual({ dropped: 0, answered: 0 });
  });

  test('invalid trials are counted and left out, with their block of the pair', () => {
    const trials = [0, 1, 2, 3].flatMap((block) => [
      trialOf({ block, arm: 'direct', latenciesNs: latencies(1e6) }),
      trialOf({ block, arm: 'envoy', latenciesNs: latencies(block === 2 ? 99e6 : 2e6), valid: block !== 2 }),
    ]);
    const p50 = metric(runOf(trials), 'envoy', 'latency.p50');
    expect(p50.versus?.difference.n).toBe(3);
    expect(p50.versus?.difference.estimate).toBeLessThan(1.1e6);
    expect(analyse(runOf(trials)).comparisons[0]?.cells.find((cell) => cell.arm === 'envoy')?.invalid).toBe(1);
  });

  test('CPU is per 1000 answers', () => {
    const trials = [0, 1].flatMap((block) =>
      ['direct', 'envoy'].map((arm) => trialOf({ block, arm, latenciesNs: latencies(1e6, 2000), machineCpuNs: 6e8 })),
    );
    expect(metric(runOf(trials), 'direct', 'cpu.machine').value?.estimate).toBe(3e8);
  });

  test('one block gives no interval and no verdict', () => {
    const trials = ['direct', 'envoy'].map((arm) => trialOf({ block: 0, arm, latenciesNs: latencies(1e6) }));
    const p50 = metric(runOf(trials), 'envoy', 'latency.p50');
    expect(p50.value).toBeUndefined();
    expect(p50.missing).toBe('too few valid blocks');
  });
});
