/** One experiment on several hosts. */
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.ts';
import { compareRuns, incomparable } from '../../../src/analysis/compare-runs.ts';
import { seededRandom } from '../../../src/model/random.ts';
import { compareDocument } from '../../../src/report/compare.ts';
import { runOf, trialOf } from '../../records.ts';

/** A host of its own speed, on which envoy needs so many times the baseline. */
function run(id: string, hostNs: number, times: number, change: object = {}) {
  const random = seededRandom(id);
  const around = (ns: number) => Array.from({ length: 500 }, () => ns * (1 + 0.01 * random.normal()));
  const trials = Array.from({ length: 10 }, (_, block) => {
    const drift = 1 + 0.05 * Math.sin(block);
    return [
      trialOf({ block, arm: 'direct', latenciesNs: around(hostNs * drift) }),
      trialOf({ block, position: 1, arm: 'envoy', latenciesNs: around(hostNs * drift * times) }),
    ];
  }).flat();
  const stored = runOf(trials, { id: `20260101T000000Z-${id}`, facts: { kernel: id }, ...change });
  return { run: stored.run, analysis: analyse(stored) };
}
const outcome = (runs: readonly ReturnType<typeof run>[]) =>
  compareRuns(runs, 0.05, 0.95)
    .filter(({ metric }) => metric.id === 'latency.p50')
    .map(({ changes }) => changes.map((change) => change?.outcome));

describe('runs of one experiment', () => {
  test('hosts of very different speed agree on what a datapath charges', () =>
    expect(outcome([run('fast', 1e5, 3), run('slow', 9e5, 3)])).toEqual([[undefined, 'equivalent']]));
  test('a host on which it charges more is told', () => {
    const runs = [run('one', 1e5, 3), run('two', 1e5, 3.6)];
    expect(outcome(runs)).toEqual([[undefined, 'differs']]);
    const { verdicts, blocks } = compareDocument(runs);
    expect(verdicts[0]).toMatch(/two: latency p50 of envoy, http-echo, open-500, is 1\.2/);
    expect(JSON.stringify(blocks)).toContain('kernel');
  });
  test('what one of them lacks, or has not ended, is told in any order', () => {
    const part = run('part', 1e5, 3, { status: 'interrupted' });
    const comparisons = part.analysis.comparisons.map((each) => ({
      ...each,
      cells: each.cells.map((cell) => ({ ...cell, metrics: cell.metrics.filter(({ metric }) => metric.id !== 'latency.p50') })),
    }));
    const lacking = { ...part, analysis: { ...part.analysis, comparisons } };
    for (const runs of [
      [run('one', 1e5, 3), lacking],
      [lacking, run('one', 1e5, 3)],
    ]) {
      const told = compareDocument(runs).verdicts.join(' ');
      expect(told).toMatch(/2 more could not be compared/);
      expect(told).toMatch(/part is interrupted/);
    }
  });
  test.each([
    ['another experiment', { experiment: 'other' }, /the experiment is other/],
    ['another baseline', { baseline: 'envoy' }, /the baseline is envoy/],
    ['other workloads', { workloads: [{ id: 'x', name: 'x', options: {} }] }, /workloads are/],
    ['arithmetic against a machine', { cluster: 'simulated' }, /the cluster is simulated/],
  ])('%s is refused, with the reason', (_title, change, reason) =>
    expect(incomparable([run('one', 1e5, 3), run('two', 1e5, 3, change)]).join('; ')).toMatch(reason),
  );
  test('one run alone is no comparison', () => expect(incomparable([run('one', 1e5, 3)])).toEqual(['there is only one run']));
});
