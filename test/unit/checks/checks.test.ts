import { describe, expect, test } from 'vitest';
import { checks } from '../../../src/checks/index.ts';
import { onPath } from '../../../src/checks/on-path.ts';
import type { PathEvidence, ValidityCheck } from '../../../src/model/contracts/check.ts';
import type { TrialRecord } from '../../../src/model/records.ts';
import { trialOf } from '../../records.ts';

const validity = checks.filter((check): check is ValidityCheck => check.stage === 'validity');
const good = trialOf({ block: 0, arm: 'direct', latenciesNs: Array.from({ length: 1000 }, () => 1e6) });
const failing = (trial: TrialRecord) => validity.filter((check) => check.judge(trial).level === 'error').map((check) => check.code);
const withResult = (change: Partial<TrialRecord['result']>) => ({ ...good, result: { ...good.result, ...change } });
const withArm = (change: object) => withResult({ arms: good.result.arms.map((arm) => ({ ...arm, ...change })) });

describe('validity', () => {
  test('a good trial passes all', () => expect(failing(good)).toEqual([]));
  test.each([
    ['a rate 15 % short', withResult({ achievedRatePerSecond: 425 }), ['MT0301']],
    ['errors', withArm({ ok: 990, errors: 10, errorKinds: { 'status 503': 10 } }), ['MT0302']],
    ['nothing sent', withArm({ ok: 0, sent: 0 }), ['MT0302']],
    ['a backlog', withArm({ backlogAtEnd: 60 }), ['MT0303']],
    ['a busy generator', withResult({ loopUtilisation: 0.93 }), ['MT0304']],
    ['a dead proxy', { ...good, componentsEnded: ['client-proxy ended with signal SIGKILL'] }, ['MT0305']],
    ['a request that strayed', { ...good, path: { moved: { clientProxyRequests: 999 }, exact: false } }, ['MT0306']],
  ])('%s', (_title, trial, expected) => expect(failing(trial)).toEqual(expected));
  test('what a Poisson sample varies by is no shortfall', () => {
    expect(failing(withResult({ achievedRatePerSecond: 500 * (1 + 2.5 / Math.sqrt(1000)) }))).toEqual([]);
    const uniform = { ...withResult({ achievedRatePerSecond: 490 }), requested: { ...good.requested, arrivals: 'uniform' } };
    expect(failing(uniform)).toEqual(['MT0301']);
  });
  test('a closed loop has no rate to miss and may saturate its generator', () => {
    const closed = {
      ...withResult({ loopUtilisation: 1, achievedRatePerSecond: 1 }),
      requested: { ...good.requested, ratePerSecond: null, arrivals: null },
    };
    expect(failing(closed)).toEqual([]);
  });
});

describe('on path', () => {
  const evidence = (change: Partial<PathEvidence> = {}): PathEvidence => ({
    arm: 'envoy',
    requests: 100,
    connections: 8,
    errors: 0,
    moved: { seen: 100, opened: 8, odd: 0 },
    flows: [],
    encryption: 'none',
    l7Passes: 0,
    expectations: [
      { counter: 'seen', equals: 'requests', meaning: 'requests' },
      { counter: 'opened', equals: 'connections', meaning: 'connections' },
      { counter: 'odd', equals: 'zero', meaning: 'oddities' },
    ],
    others: { 'ebpf.seen': 0 },
    ...change,
  });
  test('exact counters pass', () => expect(onPath.judge(evidence()).level).toBe('ok'));
  test.each([
    ['requests that nobody answered', { errors: 100 }, '100 of 100 requests got no good answer'],
    ['one request too few', { moved: { seen: 99, opened: 8, odd: 0 } }, 'seen (requests) is 99, expected 100'],
    ['one too many', { moved: { seen: 101, opened: 8, odd: 0 } }, 'expected 100'],
    ['a connection that went elsewhere', { moved: { seen: 100, opened: 7, odd: 0 } }, 'expected 8'],
    ['a counter that should be zero', { moved: { seen: 100, opened: 8, odd: 1 } }, 'expected 0'],
    ['a counter that is missing', { moved: { seen: 100, opened: 8 } }, 'odd (oddities) is missing'],
    ["another datapath's counter moved", { others: { 'ebpf.seen': 3 } }, "another datapath's"],
  ])('%s is an error', (_title, change, words) => {
    const finding = onPath.judge(evidence(change));
    expect(finding.level).toBe('error');
    expect(finding.detail).toContain(words);
  });
});
