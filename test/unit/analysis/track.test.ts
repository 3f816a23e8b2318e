/** A series over versions: what counts as a change. */
import { describe, expect, test } from 'vitest';
import { analyseTrack, suspects, type TrackedRun } from '../../../src/analysis/track.ts';
import { armOf, type Purpose, type TrackRecord } from '../../../src/model/track.ts';
import { trackDocument } from '../../../src/report/track.ts';

const metric = { id: 'latency.p50', title: 'latency p50', unit: 'ns', group: 'latency', better: 'lower' };
const interval = (estimate: number, half = 0.01) => ({ estimate, low: estimate - half, high: estimate + half, n: 12 });
/** A run of two versions whose second is `ratio` times the first. */
function tracked(older: string, newer: string, ratio: number, verdict: string, purpose: Purpose = 'pair', facts = {}): TrackedRun {
  const cell = (version: string, times: number) => ({
    arm: armOf('envoy-sidecar', version),
    metrics: [{ metric, versus: { ratio: interval(times) } }],
  });
  const versus = { verdict, ratio: interval(ratio), difference: interval(1), reason: '' };
  const pairs = [{ arm: armOf('envoy-sidecar', newer), against: armOf('envoy-sidecar', older), metrics: [{ metric, versus }] }];
  const comparisons = [{ workload: 'http-echo', load: 'open-100', cells: [cell(older, 2), cell(newer, 2 * ratio)], pairs }];
  const run = `${older}-${newer}-${purpose}`;
  return { pair: { older, newer, purpose, run }, run: { id: run, facts }, analysis: { comparisons } } as unknown as TrackedRun;
}
const record = (versions: readonly string[]) =>
  ({ name: 's', component: 'envoy', versions, startedAt: '2026-01-01T00:00:00Z', specText: '', pairs: [] }) as unknown as TrackRecord;
const analysed = (runs: readonly TrackedRun[], versions: readonly string[] = ['1.0', '1.1', '1.2']) =>
  analyseTrack(record(versions), 'envoy-sidecar', runs, 0.05);
const ask = (runs: readonly TrackedRun[], versions: readonly string[] = ['1.0', '1.1', '1.2']) =>
  suspects(analysed(runs, versions), versions);

describe('what changed', () => {
  const first = [tracked('1.0', '1.1', 1, 'no difference'), tracked('1.1', '1.2', 1.2, 'higher')];
  test('what a paired run calls is a suspect, and nothing more', () => {
    expect(analysed(first).steps.map(({ outcome }) => outcome)).toEqual(['equivalent', 'unconfirmed']);
    expect(ask(first)).toEqual([['1.1', '1.2']]);
  });
  test('a fresh run that says it again makes it a change; asked once, never again', () => {
    const again = [...first, tracked('1.1', '1.2', 1.19, 'higher', 'confirmation')];
    const analysis = analysed(again);
    expect(analysis.steps.map(({ outcome }) => outcome)).toEqual(['equivalent', 'change']);
    expect(ask(again)).toEqual([]);
    expect(trackDocument(record(['1.0', '1.1', '1.2']), analysis, 0.05).verdicts).toEqual([
      '1.1 to 1.2, http-echo, open-100: latency p50 is higher, 1.20x [1.19, 1.21], and again 1.19x [1.18, 1.20].',
    ]);
  });
  test('a fresh run that does not say it again leaves no alarm', () => {
    const again = [...first, tracked('1.1', '1.2', 1, 'unresolved', 'confirmation')];
    const analysis = analysed(again);
    expect(analysis.steps[1]?.outcome).toBe('unconfirmed');
    expect(ask(again)).toEqual([]);
    expect(trackDocument(record(['1.0', '1.1', '1.2']), analysis, 0.05).verdicts[0]).toMatch(
      /No confirmed change.*1 called once and not again/,
    );
  });
  test('a long series is searched as a whole too: a slow version that no pair could resolve', () => {
    const versions = Array.from({ length: 14 }, (_, i) => `1.${i}`);
    const levels = versions.map((_, i) => (i < 7 ? 2 : 2.2) * (1 + 0.002 * (i % 3)));
    const runs = versions.slice(1).map((newer, i) => {
      const each = tracked(versions[i] as string, newer, 1, 'unresolved');
      const cells = each.analysis.comparisons[0]?.cells as unknown as { metrics: { versus: { ratio: { estimate: number } } }[] }[];
      for (const [at, cell] of cells.entries())
        (cell.metrics[0] as { versus: { ratio: { estimate: number } } }).versus.ratio.estimate = levels[i + at] as number;
      return each;
    });
    expect(ask(runs, versions)).toEqual([]);
    expect(analysed(runs, versions).shown).toMatchObject([{ at: 7, direction: 'higher', from: 0, to: 14 }]);
    const outcomes = (confirmation: TrackedRun) =>
      analysed([...runs, confirmation], versions)
        .steps.filter(({ outcome }) => outcome === 'change')
        .map(({ older, newer }) => [older, newer]);
    // A fresh run of the two, or of two around the place, has to say it in the same direction.
    expect(outcomes(tracked('1.6', '1.7', 1.1, 'higher', 'confirmation'))).toEqual([['1.6', '1.7']]);
    expect(outcomes(tracked('1.4', '1.9', 1.1, 'higher', 'confirmation'))).toEqual([['1.4', '1.9']]);
    expect(outcomes(tracked('1.6', '1.7', 0.9, 'lower', 'confirmation'))).toEqual([]);
    expect(outcomes(tracked('1.10', '1.11', 1.1, 'higher', 'confirmation'))).toEqual([]);
    // The detector may be off by two: its neighbour is near enough.
    expect(outcomes(tracked('1.7', '1.8', 1.1, 'higher', 'confirmation'))).toEqual([['1.7', '1.8']]);
  });
  test('facts that changed between runs are told', () => {
    const runs = [
      tracked('1.0', '1.1', 1, 'no difference', 'pair', { kernel: '6.1', cpus: 2 }),
      tracked('1.1', '1.2', 1, 'no difference', 'pair', { kernel: '6.2', cpus: 2 }),
    ];
    expect(analysed(runs).factChanges).toEqual([{ older: '1.1', newer: '1.2', fact: 'kernel', from: '6.1', to: '6.2' }]);
  });
});
