/** What other programs read, from the published run; each shape after that program's own source. */
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { analyse } from '../../../src/analysis/analyse.ts';
import { exporters } from '../../../src/exporters/index.ts';
import { figuresOf } from '../../../src/exporters/figures.ts';
import { csvText } from '../../../src/model/csv.ts';
import { runOf, trialOf } from '../../records.ts';

const latencies = (ns: number) => Array.from({ length: 2000 }, (_, i) => ns + i * 10);
const trials = Array.from({ length: 6 }, (_, block) => [
  trialOf({ block, arm: 'direct', latenciesNs: latencies(1e5 + block), machineCpuNs: 1e8 }),
  trialOf({ block, position: 1, arm: 'envoy', latenciesNs: latencies(5e5 + block), machineCpuNs: 4e8 }),
]).flat();
const stored = runOf(trials);
const analysis = analyse(stored);
const render = (id: string) => exporters.find((each) => each.id === id)?.render(stored, analysis) ?? expect.fail(`no ${id}`);

describe('exports', () => {
  test('each says what it leaves out, and is the same every time', () => {
    for (const { id, leavesOut } of exporters) {
      expect(leavesOut).not.toBe('');
      expect(render(id)).toBe(render(id));
    }
  });
  test('CSV: a row a figure, tiers in every row', () => {
    const lines = render('csv').trimEnd().split('\r\n');
    expect(lines).toHaveLength(figuresOf(analysis).length + 1);
    const columns = lines[0]?.split(',') ?? [];
    const row = Object.fromEntries(
      (lines.find((line) => line.includes('envoy') && line.includes('latency.p99')) ?? '').split(',').map((cell, i) => [columns[i], cell]),
    );
    expect(row).toMatchObject({
      datapath: 'envoy',
      unit: 'ns',
      baseline: 'direct',
      same_tier: expect.stringMatching(/true|false/) as string,
      verdict: 'higher',
    });
    expect(Number(row['ratio'])).toBeCloseTo((5e5 + 19_800) / (1e5 + 19_800), 1);
  });
  test('benchmark-action: finite numbers, one direction', () => {
    const entries = JSON.parse(render('benchmark-action')) as { name: string; value: number; unit: string }[];
    expect(entries.length).toBeGreaterThan(4);
    expect(entries.every(({ value }) => Number.isFinite(value))).toBe(true);
    expect(entries.find(({ name }) => name === 'envoy/http-echo/open-500/latency.p50')).toMatchObject({
      unit: 'us',
      value: expect.closeTo(510, -1) as number,
    });
    expect(render('benchmark-action')).toMatch(/against direct \(other work: [^)]+\): higher/);
  });
  test('Bencher: absolute bounds around the value', () => {
    const report = JSON.parse(render('bencher')) as Record<
      string,
      Record<string, { value: number; lower_value: number; upper_value: number }>
    >;
    const p50 = report['envoy/http-echo/open-500']?.['latency-p50-ns'];
    expect(p50 && p50.lower_value <= p50.value && p50.value <= p50.upper_value).toBe(true);
  });
  test('perfdash: the same buckets for the same labels', () => {
    const { version, dataItems } = JSON.parse(render('perfdash')) as {
      version: string;
      dataItems: { data: object; unit: string; labels: Record<string, string> }[];
    };
    expect(version).toBe('v1');
    const buckets = dataItems.filter(({ labels }) => labels['Metric'] === 'latency').map(({ data }) => Object.keys(data).join());
    expect(new Set(buckets)).toEqual(new Set(['Perc50,Perc90,Perc99']));
  });
  test('SMP: true milliseconds', () => {
    const results = parseAllDocuments(render('smp')).map(
      (document) => document.toJS() as { latencies_ms: Record<string, number>; labels: Record<string, string> },
    );
    expect(results).toHaveLength(2);
    expect(results[1]?.latencies_ms['p50']).toBeCloseTo(0.51, 2);
    expect(results[1]?.labels).toMatchObject({ datapath: 'envoy', same_tier: 'false', p99_verdict: 'higher, against direct' });
  });
});

test('CSV: a formula stays a text, quotes and line breaks stay in their cell', () =>
  expect(
    csvText(
      ['a', 'b'],
      [
        ['=cmd|x', -3],
        ['x"y\nz', undefined],
        ['@sum', true],
      ],
    ),
  ).toBe('a,b\r\n\'=cmd|x,-3\r\n"x""y\nz",\r\n\'@sum,true\r\n'));
