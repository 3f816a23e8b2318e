/** Rules, outcomes, and how they are told. */
import { describe, expect, test } from 'vitest';
import type { Analysis, CellMetric } from '../../../src/analysis/analyse.ts';
import { judgeGate, parseGateRule, type GateRule } from '../../../src/analysis/gate.ts';
import { byGravity, gateAnnotations, gateJunit, gateMarkdown, gateSentence } from '../../../src/report/gate.ts';

const rule = (text: string): GateRule => parseGateRule(text) ?? expect.fail(`${text} is no rule`);

describe('a rule', () => {
  test.each([
    ['p99 > +5%', 'latency.p99', 'share', 0.05],
    ['p99>5%', 'latency.p99', 'share', 0.05],
    ['p99.9 > +200us', 'latency.p99.9', 'absolute', 200_000],
    ['cpu > +20ms', 'cpu.machine', 'absolute', 20e6],
    ['memory > +10MiB', 'memory.datapath', 'absolute', 10 * 1024 * 1024],
    ['capacity < -3%', 'capacity', 'share', -0.03],
  ])('%s', (text, metric, kind, value) => expect(rule(text)).toMatchObject({ metric, margin: { kind, value } }));
  test.each(['p99', 'p98 > 5%', 'p99 > -5%', 'capacity < +3%', 'p99 > 5', 'memory > 5ms', 'p99 > 5% || true', ''])('"%s" is none', (text) =>
    expect(parseGateRule(text)).toBeUndefined(),
  );
});

const interval = (estimate: number, low: number, high: number) => ({ estimate, low, high, n: 10 });
/** One arm whose p99 stands in this ratio to the baseline's. */
function analysisOf(ratio: ReturnType<typeof interval> | undefined, change: object = {}, ratePerSecond: number | null = 500): Analysis {
  const metric = { id: 'latency.p99', title: 'latency p99', unit: 'ns', group: 'latency', better: 'lower' };
  const versus = ratio && { ratio, difference: interval(50_000, 10_000, 90_000), blocksToResolve: 24, refusal: undefined, ...change };
  const metrics = [{ metric, versus, missing: 'too few valid blocks' } as unknown as CellMetric];
  const cells = [
    { arm: 'old', baseline: undefined, metrics: [] },
    { arm: 'new', baseline: 'old', metrics },
  ];
  return { comparisons: [{ workload: 'http-echo', load: 'open-500', ratePerSecond, cells }] } as unknown as Analysis;
}
const outcome = (text: string, analysis: Analysis) => judgeGate(analysis, [rule(text)]).map((each) => [each.outcome, each.reason]);

describe('the interval decides', () => {
  test.each([
    ['all of it below the margin', interval(1.01, 0.99, 1.04), 'pass'],
    ['all of it above', interval(1.1, 1.06, 1.14), 'fail'],
    ['the estimate is below, the end is not', interval(1.02, 0.98, 1.06), 'unresolved'],
    ['the estimate is above, the beginning is not', interval(1.07, 1.04, 1.1), 'unresolved'],
    ['much faster', interval(0.5, 0.4, 0.6), 'pass'],
  ])('%s: %s', (_title, ratio, expected) => expect(outcome('p99 > +5%', analysisOf(ratio))[0]?.[0]).toBe(expected));
  test('in units of the figure', () => {
    expect(outcome('p99 > +100us', analysisOf(interval(2, 1, 3)))).toEqual([['pass', '']]);
    expect(outcome('p99 > +50us', analysisOf(interval(2, 1, 3)))[0]?.[0]).toBe('unresolved');
  });
  test('what was not measured, or cannot be judged, is not passed', () => {
    expect(outcome('p99 > +5%', analysisOf(undefined))).toEqual([['missing', 'too few valid blocks']]);
    expect(outcome('p99 > +5%', analysisOf(interval(1, 0.99, 1.01), { refusal: 'unequal requests' }))).toEqual([
      ['missing', 'unequal requests'],
    ]);
    expect(outcome('p50 > +5%', analysisOf(interval(1, 0.99, 1.01)))[0]?.[0]).toBe('missing');
    const ofZero = analysisOf(interval(1, 0.99, 1.01), { ratio: undefined });
    expect(outcome('p99 > +5%', ofZero)).toEqual([['missing', 'a block of it or of the baseline is not above zero: there is no share']]);
  });
  test('latency is judged under open load, capacity under closed', () => {
    expect(outcome('p99 > +5%', analysisOf(interval(1, 0.99, 1.01), {}, null))).toEqual([]);
    expect(outcome('capacity < -5%', analysisOf(interval(1, 0.99, 1.01)))).toEqual([]);
    expect(outcome('capacity < -5%', analysisOf(interval(1, 0.99, 1.01), {}, null))[0]?.[0]).toBe('missing');
  });
  test('a rule for one datapath says nothing of others', () => {
    expect(judgeGate(analysisOf(interval(1, 0.99, 1.01)), [{ ...rule('p99 > +5%'), datapath: 'another' }])).toEqual([]);
    expect(judgeGate(analysisOf(interval(1, 0.99, 1.01)), [{ ...rule('p99 > +5%'), workload: 'grpc' }])).toEqual([]);
    expect(judgeGate(analysisOf(interval(1, 0.99, 1.01)), [{ ...rule('p99 > +5%'), load: 'open-9' }])).toEqual([]);
  });
});

describe('how it is told', () => {
  const hostile = '"><script>alert(1)</script>|\u0007\n::error::x';
  const results = [
    ...judgeGate(analysisOf(interval(1, 0.99, 1.01)), [rule('p99 > +5%')]),
    ...judgeGate(analysisOf(interval(1.1, 1.06, 1.14)), [rule('p99 > +5%')]).map((each) => ({ ...each, arm: hostile })),
    ...judgeGate(analysisOf(interval(1.02, 0.98, 1.06)), [rule('p99 > +5%')]),
    ...judgeGate(analysisOf(undefined), [rule('p99 > +5%')]).map((each) => ({ ...each, arm: 'lost' })),
  ];
  test('a sentence each, the worst first', () =>
    expect(byGravity(results.filter(({ arm }) => arm === 'new')).map(gateSentence)).toEqual([
      'new against old, http-echo, open-500: "p99 > +5%" is unresolved, +2.0 % [-2.0 %, +6.0 %]: its interval holds the margin',
      'new against old, http-echo, open-500: "p99 > +5%" passes, 0.0 % [-1.0 %, +1.0 %]',
    ]));
  test('JUnit: well-formed, counts, and no character that XML does not have', () => {
    const text = gateJunit('run-1', '2026-01-01T00:00:00Z', results);
    expect(text).toContain('<testsuite name="http-echo" tests="4" failures="1" errors="1" skipped="1"');
    expect(text).not.toContain('<script');
    expect(text).not.toContain('\u0007');
    const opened = [...text.matchAll(/<(\w+)[^>]*[^/]>/g)].map(([, name = '']) => name);
    const closed = [...text.matchAll(/<\/(\w+)>/g)].map(([, name = '']) => name);
    expect(opened.sort()).toEqual(closed.sort());
  });
  test('annotations: one line each, whatever a label holds; ten at most of a kind', () => {
    const lines = gateAnnotations(results);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^::error title=meshtax%3A p99 > \+5%25::.*%0A/);
    const many = Array.from({ length: 30 }, () => results[1] as (typeof results)[number]);
    expect(gateAnnotations(many)).toHaveLength(10);
    expect(gateAnnotations(many).at(-1)).toBe('::error::21 more');
  });
  test('Markdown: a label is data', () => {
    const text = gateMarkdown('run-1', results, false);
    expect(text.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(6);
    expect(text).not.toMatch(/(?<!\\)<script/);
    expect(text).toContain('\\|');
  });
});
