import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.ts';
import { formatExposition, formatOpenMetrics, parseExposition } from '../../../src/model/exposition.ts';
import { countsAtOrBelow, newHistogram, record } from '../../../src/model/histogram.ts';
import { runFamilies, trialFamilies } from '../../../src/report/series.ts';
import { runOf, trialOf } from '../../records.ts';

const latencies = (middle: number) => Array.from({ length: 400 }, (_, i) => middle + i * 1000);
const trials = [0, 1, 2].flatMap((block) => [
  trialOf({ block, position: 0, arm: 'direct', latenciesNs: latencies(100_000) }),
  trialOf({ block, position: 1, arm: 'envoy', latenciesNs: latencies(600_000 + block) }),
]);
const { run } = runOf(trials);

describe('a run as series', () => {
  const { samples, unreadable } = parseExposition(formatExposition(runFamilies(run, trials, { planned: 12 })));
  const value = (name: string, labels: Record<string, string>) =>
    samples.find((sample) => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text))?.value;

  test('counts what was measured', () => {
    expect(unreadable).toBe(0);
    expect(value('meshtax_trials_planned', {})).toBe(12);
    expect(value('meshtax_trials', { valid: 'true' })).toBe(6);
    expect(value('meshtax_requests_total', { arm: 'envoy' })).toBe(1200);
    expect(value('meshtax_component_cpu_seconds_total', { arm: 'direct', component: 'machine' })).toBeCloseTo(3 * 400 * 3e-4);
  });

  test('its histogram gives the percentiles of the run', () => {
    const buckets = samples.filter(({ name, labels }) => name === 'meshtax_request_duration_seconds_bucket' && labels['arm'] === 'envoy');
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: 1200 });
    const median = buckets.find((bucket) => bucket.value >= 600)?.labels['le'];
    expect(Number(median)).toBeGreaterThan(0.0008);
    expect(Number(median)).toBeLessThan(0.0009);
  });

  test('its estimates are the report’s', () => {
    const cell = analyse({ run, trials }).comparisons[0]?.cells.find(({ arm }) => arm === 'envoy');
    const p50 = cell?.metrics.find(({ metric }) => metric.id === 'latency.p50');
    expect(value('meshtax_estimate', { arm: 'envoy', metric: 'latency.p50', bound: 'high' })).toBe(p50?.value?.high);
    expect(value('meshtax_difference', { arm: 'envoy', metric: 'latency.p50', bound: 'estimate' })).toBe(p50?.versus?.difference.estimate);
  });
});

test('the points of a run as OpenMetrics: seconds, series together, an end', () => {
  const text = formatOpenMetrics(trialFamilies(trials, analyse({ run, trials })));
  expect(text).toMatch(/# TYPE meshtax_trial_latency_seconds gauge\n/);
  expect(text).toMatch(
    /^meshtax_trial_latency_seconds\{workload="http-echo",load="open-500",arm="direct",kind="latency",share="",valid="true",quantile="0.5"\} 0\.000\d+ \d{10}(\.\d+)?$/m,
  );
  expect(text.endsWith('# EOF\n')).toBe(true);
  const order = [...text.matchAll(/^(meshtax_trial_latency_seconds\{[^}]*\})/gm)].map((match) => match[1]);
  const changes = order.filter((series, i) => series !== order[i - 1]).length;
  expect(changes).toBe(new Set(order).size);
});

test('counts at or below a bound', () => {
  const histogram = newHistogram();
  for (const ns of [10, 20, 20, 5000]) record(histogram, ns);
  expect(countsAtOrBelow(histogram, [5, 10, 19, 20, 100, 1e6])).toEqual([0, 1, 1, 3, 3, 4]);
  expect(countsAtOrBelow(newHistogram(), [5, 10])).toEqual([0, 0]);
});
