/** Texts in each tool's format, made up after its source: they test reading, and measure nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { carries, compareImported } from '../../../src/analysis/imported.ts';
import { importers } from '../../../src/importers/index.ts';
import { seededRandom } from '../../../src/model/random.ts';
import type { Imported } from '../../../src/model/imported.ts';

const read = (text: string): Imported & { readonly by: string } => {
  const importer = importers.find((each) => each.recognises(text)) ?? expect.fail('nobody knows this text');
  return { by: importer.id, ...importer.parse(text) };
};

test.each(['\n', ' ', '\t\n', '1', 'finished in \n', 'Running '])(
  'a megabyte of %j is nobody’s, and nobody searches it for long',
  (words) => {
    const text = words.repeat(2 ** 20 / words.length);
    for (const each of importers) expect(each.recognises(text)).toBe(false);
  },
);

test.each([
  ['wrk', 'Running 1s test @ x\n'],
  ['h2load', 'finished in \nrequests: 1 total\n'],
])('%s: a megabyte of digits or of lines after its first words', (id, first) => {
  const importer = importers.find((each) => each.id === id) ?? expect.fail(id);
  for (const each of ['1', '\n', ' ', 'finished in \n'])
    expect(importer.parse(first + each.repeat(2 ** 20 / each.length)).percentiles).toEqual([]);
});

const FORTIO = JSON.stringify({
  RunType: 'HTTP',
  StartTime: '2026-01-02T03:04:05.6Z',
  Version: '1.75.2',
  RequestedQPS: '1000',
  ActualQPS: 950.5,
  ActualDuration: 10_000_000_000,
  NumThreads: 16,
  RetCodes: { '200': 9500, '503': 5 },
  DurationHistogram: {
    Count: 9505,
    Data: [
      { Start: 0.0002, End: 0.001, Percent: 60, Count: 5703 },
      { Start: 0.001, End: 0.00105, Percent: 100, Count: 3802 },
    ],
    Percentiles: [
      { Percentile: 50, Value: 0.0009 },
      { Percentile: 99, Value: 0.00104 },
    ],
  },
});
const WRK = `Running 30s test @ http://server/
  2 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   635.91us    0.89ms  12.92ms   93.69%
  Latency Distribution
     50%  250.00us
     75%    0.86ms
     90%    1.53s
     99%    0.00us
  600000 requests in 30.01s, 500.00MB read
  Socket errors: connect 0, read 3, write 0, timeout 4
  Non-2xx or 3xx responses: 10
Requests/sec:  19993.34
`;
const WRK2 = `Running 30s test @ http://server/
  2 threads and 100 connections
  Thread calibration: mean lat.: 1.025ms, rate sampling interval: 10ms
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%    6.21ms
  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)
       0.921     0.000000            1         1.00
       6.207     0.500000         1000         2.00
      10.535     0.990625         1980       106.67
      12.583     1.000000         2000          inf
----------------------------------------------------------
  Latency Distribution (HdrHistogram - Uncorrected Latency (measured without taking delayed starts into account))
       0.400     0.500000         1000         2.00
  60018 requests in 30.00s, 19.81MB read
Requests/sec:   2000.28
`;
const NIGHTHAWK = JSON.stringify({
  options: { requests_per_second: 100, connections: 10, open_loop: true },
  results: ['worker_0', 'worker_1', 'global'].map((name) => ({
    name,
    statistics: [
      {
        id: 'benchmark_http_client.request_to_response',
        count: '600',
        percentiles: [
          { percentile: 0.5, count: '300', duration: '0.001500s' },
          { percentile: 0.990625, count: '595', duration: '0.004s' },
          { percentile: 1, count: '600', duration: '0.009s' },
        ],
      },
    ],
    counters: [
      { name: 'upstream_rq_total', value: '600' },
      { name: 'benchmark.http_5xx', value: '2' },
      { name: 'benchmark.pool_overflow', value: '5' },
    ],
    execution_duration: '3.0s',
  })),
  timestamp: '2026-01-02T03:04:05Z',
});
const K6 = JSON.stringify({
  metrics: {
    http_req_duration: { avg: 3.1, med: 2.9, 'p(95)': 11.4, 'p(99)': 20.5 },
    http_reqs: { count: 1500, rate: 500 },
    http_req_failed: { value: 0.01, passes: 15, fails: 1485 },
    dropped_iterations: { count: 7, rate: 2 },
  },
});
const K6_HANDED = JSON.stringify({
  state: { testRunDurationMs: 4000 },
  metrics: { http_req_duration: { type: 'trend', values: { med: 2.9 } }, http_reqs: { type: 'counter', values: { count: 10, rate: 2.5 } } },
});
const GHZ = JSON.stringify({
  date: '2026-01-02T03:04:10Z',
  count: 40,
  total: 5e9,
  fastest: 1e6,
  rps: 8,
  options: { concurrency: 4, async: true, rps: 8 },
  statusCodeDistribution: { OK: 38, Unavailable: 2 },
  latencyDistribution: [
    { percentage: 50, latency: 2e6 },
    { percentage: 99, latency: 9e6 },
    { percentage: 0, latency: 0 },
  ],
});
const OHA = JSON.stringify({
  summary: { total: 10.5, requestsPerSec: 100 },
  latencyPercentiles: { p50: 0.011, p99: 0.0435, 'p99.9': null },
  statusCodeDistribution: { '200': 990, '502': 10 },
  errorDistribution: { 'aborted due to deadline': 4, 'connection refused': 3 },
});
const H2LOAD = `finished in 2.00s, 308330.00 req/s, 36.18MB/s
requests: 616660 total, 616670 started, 616660 done, 616650 succeeded, 10 failed, 10 errored, 0 timeout
status codes: 616650 2xx, 0 3xx, 0 4xx, 0 5xx
                     min         max      median         p95         p99        mean          sd     +/- sd
request     :       12us     13.00ms       190us       410us      1.20ms       210us       150us    91.00%
`;
const LOG = Array.from({ length: 200 }, (_, i) => `${1_700_000_000_000_000 + i * 1000}\t${i === 7 ? -1 : 200}\t${100 + i}\n`).join('');

describe('what each tool says, in our units', () => {
  test('fortio: seconds, and percentiles that its coarse buckets made up', () => {
    expect(read(FORTIO)).toMatchObject({
      by: 'fortio',
      requestedPerSecond: 1000,
      achievedPerSecond: 950.5,
      durationS: 10,
      requests: 9505,
      errors: 5,
      connections: 16,
    });
    expect(read(FORTIO).percentiles).toEqual([
      [0.5, 900_000],
      [0.99, 1_040_000],
    ]);
    expect(read(FORTIO).coarse).toEqual([[0.5, 200_000, 1_000_000]]);
  });
  test('fortio’s format from Nighthawk: all that is not 200 failed, and nobody says whether the loop was open', () => {
    const { RequestedQPS: _requested, ...rest } = JSON.parse(FORTIO) as Record<string, unknown>;
    const own = JSON.stringify({ ...rest, RequestedQPS: 1000, RetCodes: { '200': '9400' }, BytesReceived: '1' });
    expect(read(own)).toMatchObject({ by: 'fortio', tool: 'nighthawk', loop: 'unknown', errors: 105 });
  });
  test('wrk: what it prints as zero is missing; its samples are partly made up', () => {
    expect(read(WRK)).toMatchObject({
      by: 'wrk',
      loop: 'closed',
      synthetic: true,
      connections: 16,
      durationS: 30.01,
      requests: 600_000,
      errors: 17,
    });
    expect(read(WRK).percentiles).toEqual([
      [0.5, 250_000],
      [0.75, 860_000],
      [0.9, 1.53e9],
    ]);
  });
  test('wrk2: the corrected spectrum, never the uncorrected one', () => {
    expect(read(WRK2)).toMatchObject({ by: 'wrk2', loop: 'open', clock: 'intended', achievedPerSecond: 2000.28 });
    expect(read(WRK2).percentiles).toEqual([
      [0.5, 6_207_000],
      [0.75, 10_535_000],
      [0.9, 10_535_000],
      [0.95, 10_535_000],
      [0.99, 10_535_000],
    ]);
  });
  test('Nighthawk: rates and connections are a worker’s; what overflowed was never sent', () => {
    expect(read(NIGHTHAWK)).toMatchObject({
      by: 'nighthawk',
      loop: 'open',
      requestedPerSecond: 200,
      connections: 20,
      achievedPerSecond: 200,
      errors: 7,
    });
    expect(read(NIGHTHAWK).percentiles.at(-1)).toEqual([0.99, 4e6]);
  });
  test('k6: ms, in both layouts; `passes` of a rate of failures are failures', () => {
    expect(read(K6)).toMatchObject({ by: 'k6', durationS: 3, errors: 22 });
    expect(read(K6).percentiles).toEqual([
      [0.5, 2.9e6],
      [0.95, 11.4e6],
      [0.99, 20.5e6],
    ]);
    expect(read(K6_HANDED)).toMatchObject({ by: 'k6', durationS: 4, requests: 10 });
  });
  test('ghz: its date is the end; only part of the calls is raw', () => {
    expect(read(GHZ)).toMatchObject({
      by: 'ghz',
      loop: 'open',
      startedAt: '2026-01-02T03:04:05.000Z',
      errors: 2,
      percentiles: [
        [0.5, 2e6],
        [0.99, 9e6],
      ],
    });
  });
  test('oha: a 502 is no success, and what was cut off at the end is no error', () =>
    expect(read(OHA)).toMatchObject({
      by: 'oha',
      requests: 1003,
      errors: 13,
      percentiles: [
        [0.5, 11e6],
        [0.99, 43.5e6],
      ],
    }));
  test('h2load: its connections are those of all threads', () =>
    expect(read(`spawning thread #0: 16 total client(s)\nspawning thread #1: 15 total client(s)\n${H2LOAD}`).connections).toBe(31));
  test('ghz: where every call failed there is no OK among the codes', () =>
    expect(
      read(JSON.stringify({ ...(JSON.parse(GHZ) as object), details: null, statusCodeDistribution: { Unavailable: 3 }, count: 3 })),
    ).toMatchObject({
      by: 'ghz',
      errors: 3,
    }));
  test('k6 on gRPC counts no failures: nobody says there were none', () =>
    expect(
      read(JSON.stringify({ metrics: { grpc_req_duration: { avg: 1, med: 1 }, checks: { passes: 0, fails: 100 } } })).errors,
    ).toBeUndefined());
  test('h2load: by the words of its header', () =>
    expect(read(H2LOAD)).toMatchObject({
      by: 'h2load',
      requests: 616_660,
      errors: 10,
      durationS: 2,
      percentiles: [
        [0.5, 190_000],
        [0.95, 410_000],
        [0.99, 1.2e6],
      ],
    }));
  test('h2load’s log: raw; a percentile needs ten values above it; two runs in one file are refused', () => {
    expect(read(LOG)).toMatchObject({ by: 'h2load-log', requests: 200, errors: 1 });
    expect(read(LOG).percentiles.map(([share]) => share)).toEqual([0.5, 0.75, 0.9]);
    const again = LOG.replaceAll(/^17000/gm, '17001');
    expect(() => read(LOG + again)).toThrow(/several runs/);
  });
  test('nothing else is taken for one, and nothing crashes', () => {
    const texts = [FORTIO, WRK, WRK2, NIGHTHAWK, K6, GHZ, OHA, H2LOAD, LOG];
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.string({ maxLength: 12 }), (text, at, put) => {
        const place = at % text.length;
        const damaged = text.slice(0, place) + put + text.slice(place + put.length);
        for (const importer of importers.filter((each) => each.recognises(damaged))) {
          try {
            const { percentiles } = importer.parse(damaged);
            expect(percentiles.every(([share, ns]) => share > 0 && share < 1 && ns > 0)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
      { numRuns: 2000 },
    );
    expect(importers.some((each) => each.recognises('hello'))).toBe(false);
  });
});

describe('what they can carry', () => {
  test('every reservation is said', () => {
    const { cannot, supports } = carries(read(FORTIO));
    expect(cannot.join('\n')).toMatch(
      /coordinated omission[\s\S]*closed loop[\s\S]*only 950.5 of 1000[\s\S]*5 of 9505 requests failed[\s\S]*p50 was interpolated between 0.200 and 1.000 ms[\s\S]*no repetition/,
    );
    expect(supports).not.toContain('latency as a user who does not wait sees it');
    expect(carries(read(WRK2)).supports).toContain('latency as a user who does not wait sees it');
  });
  const random = seededRandom('import');
  const repeated = (p50: number, n: number): Imported[] =>
    Array.from({ length: n }, () => ({
      tool: 'x',
      loop: 'open',
      clock: 'intended',
      percentiles: [[0.5, p50 * (1 + 0.01 * random.normal())]],
    }));
  const settings = { confidence: 0.95, margin: 0.05, random };
  test('repeated on both sides there is a verdict, with three there is none', () => {
    expect(compareImported(repeated(1e6, 3), repeated(2e6, 9), settings)).toEqual([]);
    expect(compareImported(repeated(1e6, 6), repeated(2e6, 6), settings)[0]?.versus.verdict).toBe('higher');
    expect(compareImported(repeated(1e6, 12), repeated(1e6, 12), settings)[0]?.versus.verdict).toBe('no difference');
  });
});
