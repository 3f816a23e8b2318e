import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatExposition, parseExposition, type Family } from '../../../src/model/exposition.ts';

const recorded = (name: string) => readFileSync(new URL(`../../fixtures/kubelet/${name}`, import.meta.url), 'utf8');

test('a real kubelet: every row with its own timestamp, labels and value', () => {
  const text = recorded('cilium-n1-cadvisor-1.txt');
  const { samples, unreadable } = parseExposition(text);
  expect(unreadable).toBe(0);
  expect(samples).toHaveLength(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length);
  const agent = samples.find(({ name, labels }) => name === 'container_cpu_usage_seconds_total' && labels['container'] === 'cilium-agent');
  expect(agent?.labels).toMatchObject({ cpu: 'total', namespace: 'kube-system', image: 'localhost/cilium:lab' });
  expect(agent?.value).toBeGreaterThan(1);
  // One scrape spans many seconds of sample times.
  const times = samples.flatMap(({ timestampMs }) => timestampMs ?? []);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(10_000);
  expect(samples.find(({ name }) => name === 'container_start_time_seconds')?.timestampMs).toBeUndefined();
  const only = parseExposition(text, (name) => name === 'container_memory_rss');
  expect(new Set(only.samples.map(({ name }) => name))).toEqual(new Set(['container_memory_rss']));
});

test('what the format allows', () => {
  const text = [
    '# HELP a "quoted" help \\\\ with \\n',
    '# just a comment',
    '',
    'a 1',
    'a{} 2.5e-3 1700000000000',
    'a{x="1",} +Inf',
    '\ta{ x = "a\\"b\\\\c\\nd" , y="é\u{1f600}" } NaN -5',
    'a:b_c{__proto__="p"} -Inf',
    'a .5\r',
  ].join('\n');
  expect(parseExposition(text)).toEqual({
    unreadable: 0,
    samples: [
      { name: 'a', labels: {}, value: 1, timestampMs: undefined },
      { name: 'a', labels: {}, value: 0.0025, timestampMs: 1_700_000_000_000 },
      { name: 'a', labels: { x: '1' }, value: Infinity, timestampMs: undefined },
      { name: 'a', labels: { x: 'a"b\\c\nd', y: 'é\u{1f600}' }, value: NaN, timestampMs: -5 },
      { name: 'a:b_c', labels: expect.anything(), value: -Infinity, timestampMs: undefined },
      { name: 'a', labels: {}, value: 0.5, timestampMs: undefined },
    ],
  });
  const [sample] = parseExposition('a{__proto__="p"} 1').samples;
  expect(Object.entries(sample?.labels ?? {})).toEqual([['__proto__', 'p']]);
});

test('what it does not allow is counted, not believed', () => {
  const broken = [
    '1a 1',
    'a',
    'a{x="1"',
    'a{x=1} 1',
    'a{x="1" y="2"} 1',
    'a 1 2 3',
    'a 0x10',
    'a 1 1.5',
    'a{="x"} 1',
    '{} 1',
    'a 1_000',
    'a 1 99999999999999999999999999999999',
  ];
  for (const line of broken) expect(parseExposition(`${line}\nok 1`), line).toMatchObject({ unreadable: 1, samples: [{ name: 'ok' }] });
});

const label = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/);
const family: fc.Arbitrary<Family> = fc.record({
  name: fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/),
  help: fc.string(),
  type: fc.constantFrom('counter' as const, 'gauge' as const),
  samples: fc.array(
    fc.record({
      labels: fc.dictionary(label, fc.string({ unit: 'grapheme' })),
      value: fc.double(),
      timestampMs: fc.option(fc.integer(), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

test('what is written is read back, whatever the labels hold', () => {
  fc.assert(
    fc.property(fc.array(family, { maxLength: 5 }), (families) => {
      const { samples, unreadable } = parseExposition(formatExposition(families));
      expect(unreadable).toBe(0);
      const written = families.flatMap(({ name, samples: own }) => own.map((sample) => ({ ...sample, name })));
      expect(samples.map((sample) => ({ ...sample, labels: new Map(Object.entries(sample.labels)) }))).toEqual(
        written.map((sample) => ({ ...sample, value: sample.value + 0, labels: new Map(Object.entries(sample.labels)) })),
      );
    }),
  );
});

test('any text ends in a page, never in an exception or a hang', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('a{', '"', '\\', '}', ' 1', '\n', 'x="', '{x="\\', '# TYPE', '\0', ',', '='));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const { samples } = parseExposition(pieces.join(''));
      for (const { value } of samples) expect(typeof value).toBe('number');
    }),
    { numRuns: 2000 },
  );
  const long = `a{x="${'\\"'.repeat(200_000)} 1`;
  expect(parseExposition(long).unreadable).toBe(1);
});
