import { describe, expect, test } from 'vitest';
import { checks } from '../../../src/checks/index.ts';
import { onPath } from '../../../src/checks/on-path.ts';
import type { PathEvidence, ValidityCheck } from '../../../src/model/contracts/check.ts';
import { encoded } from '../../../src/model/histogram.ts';
import type { TrialRecord } from '../../../src/model/records.ts';
import { trialOf } from '../../records.ts';

const validity = checks.filter((check): check is ValidityCheck => check.stage === 'validity');
const good = trialOf({ block: 0, arm: 'direct', latenciesNs: Array.from({ length: 1000 }, () => 1e6) });
const failing = (trial: TrialRecord) => validity.filter((check) => check.judge(trial).level === 'error').map((check) => check.code);
const withResult = (change: Partial<TrialRecord['result']>) => ({ ...good, result: { ...good.result, ...change } });
/** So many of a thousand requests are so late. */
const late = (count: number, ns: number) => encoded(Array.from({ length: 1000 }, (_, at) => (at < count ? ns : 5e4)));
const withArm = (change: object) => withResult({ arms: good.result.arms.map((arm) => ({ ...arm, ...change })) });

describe('validity', () => {
  test('a good trial passes all', () => expect(failing(good)).toEqual([]));
  test.each([
    ['a rate 15 % short', withResult({ achievedRatePerSecond: 425 }), ['MT0301']],
    ['errors', withArm({ ok: 990, errors: 10, errorKinds: { 'status 503': 10 } }), ['MT0302']],
    ['nothing sent', withArm({ ok: 0, sent: 0 }), ['MT0302']],
    ['a backlog', withArm({ backlogAtEnd: 60 }), ['MT0303']],
    ['a backlog in a turn of its own', { ...withArm({ backlogMax: 60 }), design: 'slice' as const }, ['MT0303']],
    ['a pacer that stood still for a tenth of the window', withResult({ lag: late(100, 5e8) }), ['MT0312']],
    ['counters read a second too late', { ...good, instrumentsNs: good.result.endNs - good.result.startNs + 1e9 }, ['MT0313']],
    ['a busy generator', withResult({ loopUtilisation: 0.93 }), ['MT0304']],
    ['a dead proxy', { ...good, componentsEnded: ['client-proxy ended with signal SIGKILL'] }, ['MT0305']],
    ['a request that strayed', { ...good, path: { moved: { clientProxyRequests: 999 }, exact: false } }, ['MT0306']],
  ])('%s', (_title, trial, expected) => expect(failing(trial)).toEqual(expected));
  test('a pacer is late where the host stood still, and a little now and then', () => {
    expect(failing(withResult({ lag: late(9, 5e8) }))).toEqual([]);
    expect(failing(withResult({ lag: late(1000, 9e6) }))).toEqual([]);
    const log: [number, number, number][] = [[0, 5e8, 5.9e8]];
    const host = { meter: 'real-time' as const, stalls: 1, longestNs: 9e7, lostShare: 0.02, log };
    expect(failing({ ...withResult({ lag: late(80, 9e7) }), host })).not.toContain('MT0312');
    expect(failing({ ...withResult({ lag: late(200, 9e7) }), host })).toContain('MT0312');
  });
  test('instruments take a little time, and an older version did not say how much', () => {
    const windowNs = good.result.endNs - good.result.startNs;
    expect(failing({ ...good, instrumentsNs: windowNs * 1.1 + 2e8 })).toEqual([]);
    expect(failing({ ...good, instrumentsNs: null })).toEqual([]);
    expect(failing({ ...withResult({ leadNs: 4e8 }), instrumentsNs: windowNs + 8e8 })).toEqual([]); // several generators agreed on a start
  });
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
