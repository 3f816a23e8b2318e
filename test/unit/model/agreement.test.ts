import { describe, expect, test } from 'vitest';
import { instrumentsAgree } from '../../../src/checks/instruments-agree.ts';
import { agreementsOf } from '../../../src/model/agreement.ts';
import type { Measure, TrialRecord } from '../../../src/model/records.ts';
import { trialOf } from '../../records.ts';

const figure = (collector: string, metric: string, component: string, value: number, range?: [number, number]): Measure => ({
  collector,
  metric,
  component,
  unit: metric === 'cpu' ? 'ns' : metric.startsWith('flow') ? 'count' : 'bytes',
  kind: 'counter',
  value,
  ...(range ? { range } : {}),
});

function trial(measures: readonly Measure[], change: Partial<TrialRecord> = {}): TrialRecord {
  const made = trialOf({ block: 0, arm: 'a', latenciesNs: Array.from({ length: 100 }, () => 1e6) });
  return { ...made, measures: [...measures], ...change };
}

const agrees = (measures: readonly Measure[]) => agreementsOf(trial(measures)).map((each) => each.agrees);

describe('the precise figure must lie within what the second instrument allows', () => {
  test('CPU: bounds of the samples, widened by the edges', () => {
    const cgroup = (ns: number) => figure('cgroup', 'cpu', 'server-app', ns);
    const second = figure('cadvisor', 'cpu', 'server-app', 1e9, [0.9e9, 1.1e9]);
    expect(agrees([cgroup(1e9), second])).toEqual([true]);
    expect(agrees([cgroup(0.89e9), second])).toEqual([true]);
    expect(agrees([cgroup(1.15e9), second])).toEqual([false]);
    expect(agrees([cgroup(1e9), figure('cadvisor', 'cpu', 'another', 1e9)])).toEqual([]);
  });

  test('traffic: both directions of the pod’s device', () => {
    const both = [figure('cadvisor', 'received', 'client', 1e6), figure('cadvisor', 'sent', 'client', 2e6)];
    expect(agrees([figure('links', 'linkBytes', 'client-pod', 3e6), ...both])).toEqual([true]);
    expect(agrees([figure('links', 'linkBytes', 'client-pod', 4e6), ...both])).toEqual([false]);
  });

  test('counts of flows are exact, unless events were lost: then they are lower bounds', () => {
    const http = (seen: number, lost = 0) => [
      figure('hubble', 'flowHttpResponses', 'flows', seen),
      figure('hubble', 'flowsLost', 'flows', lost),
    ];
    expect(agrees(http(100))).toEqual([true]);
    expect(agrees(http(99))).toEqual([false]);
    expect(agrees(http(99, 1))).toEqual([true]);
    expect(agrees(http(101, 1))).toEqual([false]);
  });
});

test('the check tells who contradicts whom, and what could not be measured', () => {
  const pair = [figure('cgroup', 'cpu', 'server-app', 2e9), figure('cadvisor', 'cpu', 'server-app', 1e9)];
  expect(instrumentsAgree.judge(trial(pair))).toMatchObject({ level: 'warning', detail: expect.stringContaining('CPU of server-app: ') });
  const unseen = [{ collector: 'cadvisor', metric: 'cpu', component: 'x', notMeasured: 'the page has no such series' }];
  expect(instrumentsAgree.judge(trial([], { notMeasured: unseen }))).toMatchObject({
    level: 'warning',
    detail: 'cadvisor cpu of x: the page has no such series',
  });
  expect(instrumentsAgree.judge(trial([]))).toMatchObject({ level: 'not-applicable' });
});
