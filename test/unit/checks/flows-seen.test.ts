import { describe, expect, test } from 'vitest';
import { flowsSeen } from '../../../src/checks/flows-seen.ts';
import type { PathEvidence } from '../../../src/model/contracts/check.ts';
import type { Reading } from '../../../src/model/contracts/collector.ts';

const count = (metric: string, value: number): Reading => ({
  collector: 'hubble',
  metric,
  component: 'flows',
  unit: 'count',
  kind: 'counter',
  value,
});
const flows = (events: number, connections: number, answers: number): Reading[] => [
  count('flowEvents', events),
  count('flowConnections', connections),
  count('flowHttpResponses', answers),
];
const judge = (change: Partial<PathEvidence>) =>
  flowsSeen.judge({
    arm: 'cilium',
    requests: 100,
    connections: 8,
    errors: 0,
    moved: {},
    expectations: [],
    others: {},
    encryption: 'none',
    l7Passes: 0,
    flows: flows(80, 8, 0),
    ...change,
  });

describe('flows of a proof', () => {
  test.each([
    ['seen as connections', {}, 'ok'],
    ['seen as requests where a proxy looks into them', { l7Passes: 1, flows: flows(280, 8, 100) }, 'ok'],
    ['nobody observes', { flows: [] }, 'not-applicable'],
    ['nothing was seen', { flows: flows(0, 0, 0) }, 'error'],
    ['nothing new was to be seen', { flows: flows(0, 0, 0), connections: 0 }, 'ok'],
    ['no request was seen although a proxy should look', { l7Passes: 1 }, 'error'],
    ['requests were seen although nobody should look', { flows: flows(280, 8, 100) }, 'error'],
    [
      'the observer did not answer',
      { flows: [{ collector: 'hubble', metric: 'flowEvents', component: 'flows', notMeasured: 'no route' }] },
      'warning',
    ],
  ] as const)('%s', (_title, change, level) => expect(judge(change).level).toBe(level));
});
