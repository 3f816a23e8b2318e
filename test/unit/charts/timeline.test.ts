import { compile } from 'vega-lite';
import { expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.ts';
import { timelineOf } from '../../../src/analysis/timeline.ts';
import { timeline } from '../../../src/charts/timeline.ts';
import { runOf, trialOf } from '../../records.ts';

test('what the host lost in a window that datapaths shared is said once, not added up', () => {
  const host = { meter: 'real-time' as const, stalls: 1, longestNs: 6e8, lostShare: 0.3, log: [] };
  const trials = [0, 1].flatMap((block) =>
    ['direct', 'envoy'].map((arm) => ({
      ...trialOf({ block, arm, latenciesNs: Array.from({ length: 200 }, (_, i) => 1e5 + i) }),
      design: 'duet' as const,
      host,
    })),
  );
  const analysis = analyse(runOf(trials));
  const [comparison] = analysis.comparisons;
  const drawn = comparison && timeline.draw(comparison, analysis);
  const compiled = JSON.stringify(drawn && compile(drawn.spec).spec);
  expect(compiled).toContain('host lost, %');
  expect(compiled).not.toContain('"type":"stack"');
});

test('datapaths that take turns share a window, and it is drawn as long as it was', () => {
  const trial = trialOf({ block: 0, arm: 'direct', latenciesNs: [1e6] });
  const shared = {
    ...trial,
    design: 'slice' as const,
    requested: { ...trial.requested, warmupNs: 0.5e9, durationNs: 2.5e9 },
    result: { ...trial.result, endNs: 10e9 },
  };
  expect(timelineOf([shared])).toMatchObject([{ warmupS: 2, durationS: 10 }]);
});
