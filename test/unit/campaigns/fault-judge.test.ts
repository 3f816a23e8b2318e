/** The judge of the fault campaign can say no: each of its rules, on trials made for it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TrialRecord } from '../../../src/model/records.ts';
import type { WatchedRun } from '../../campaign/watched-run.ts';
import type { Fault } from '../../faults/fault.ts';
import { judge } from '../../faults/judge.ts';
import { trialOf } from '../../records.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/mt-judge-`);
});
afterEach(() => rmSync(directory, { recursive: true }));

const fault = (change: Partial<Fault>): Fault => ({
  id: 'a fault',
  datapath: 'ebpf-lab',
  when: 'measuring',
  harm: async () => undefined,
  allowed: ['ended', 'invalid', 'reported', 'unharmed'],
  tells: ['MT0302'],
  ...change,
});
/** The harm is there from 10 s on; windows last a second. */
const HARM = { harmedNs: 10e9, harmDoneNs: 10e9 };
const window = (atS: number, arm: string, change: Partial<TrialRecord> = {}): TrialRecord => {
  const trial = trialOf({ block: Math.floor(atS), arm, latenciesNs: Array.from({ length: 300 }, () => 1e5) });
  return { ...trial, result: { ...trial.result, startNs: atS * 1e9, endNs: (atS + 1) * 1e9 }, ...change };
};
const error = (code: string) => ({
  findings: [{ code, level: 'error' as const, title: 't', detail: 'd', why: '', fix: '' }],
  valid: false,
});

function judged(
  change: Partial<Fault>,
  trials: readonly TrialRecord[],
  { exit = 4, stderr = 'MT3007 some are invalid\n', notUndone = [] as string[] } = {},
) {
  rmSync(`${directory}/trials`, { recursive: true, force: true });
  for (const trial of trials) {
    mkdirSync(`${directory}/trials/${trial.id}`, { recursive: true });
    writeFileSync(`${directory}/trials/${trial.id}/trial.json`, JSON.stringify(trial));
  }
  const run = { directory: () => directory, stderr: () => stderr, notUndone } as unknown as WatchedRun;
  return judge(fault(change), run, exit, HARM);
}

test('an invalid window under the fault is what is wanted, unless its code tells of something else', () => {
  expect(judged({}, [window(9, 'direct'), window(9.5, 'ebpf-lab', error('MT0302'))])).toMatchObject({ outcome: 'invalid', wrong: [] });
  expect(judged({}, [window(9.5, 'ebpf-lab', error('MT0306'))]).wrong).toContain('invalid by MT0306, which tells of something else');
});

test('a valid window in which not every request was answered is a number that only looks right', () => {
  const [arm] = window(11, 'direct').result.arms;
  const lost = (part: object) =>
    ({ result: { ...window(11, 'direct').result, arms: [{ ...arm, ...part }] } }) as unknown as Partial<TrialRecord>;
  for (const part of [{ ok: 290, errors: 10 }, { ok: 290 }, { ok: 301 }])
    expect(judged({}, [window(11, 'direct', lost(part))]).wrong[0]).toContain('not every request was answered on its path');
});

test('what lasts lets no window count that begins under it', () => {
  const trials = [window(9.5, 'ebpf-lab', error('MT0302')), window(12, 'direct')];
  expect(judged({}, trials).wrong).toEqual([]);
  expect(judged({ lasts: true }, trials).wrong).toContain('012-00-direct counts, and the fault lasted');
});

test('a collector without a source has no figures: later, or in the window of the harm', () => {
  const having = (atS: number) => {
    const own = { collector: 'cadvisor', metric: 'cpu', component: 'server-app', unit: 'ns', kind: 'counter', value: 1 } as const;
    return window(atS, 'ebpf-lab', { measures: [own] });
  };
  expect(judged({ collector: 'cadvisor' }, [having(5), having(12)]).wrong).toContain(
    '012-00-ebpf-lab has figures of cadvisor, which had no source',
  );
  expect(judged({ collector: 'cadvisor' }, [window(12, 'ebpf-lab')]).wrong).toContain(
    'cadvisor had no figures before either: nothing was tried',
  );
  const once = { collector: 'cadvisor', madeUpOnce: true };
  expect(judged(once, [having(5), having(9.5)]).wrong).toContain('009-00-ebpf-lab has figures of cadvisor, which had no source');
});

test('unharmed is only what went on: a window of each datapath counts', () => {
  const both = [window(5, 'direct'), window(6, 'ebpf-lab'), window(11, 'direct')];
  expect(judged({ tells: [] }, both, { exit: 0 })).toMatchObject({ outcome: 'a plausible number' });
  expect(judged({ tells: [] }, [...both, window(12, 'ebpf-lab')], { exit: 0 })).toMatchObject({ outcome: 'unharmed', wrong: [] });
});

test('the end of a run: by a code of this fault, of its subject, or because the machine was busy', () => {
  const ended = (change: Partial<Fault>, stderr: string) => judged(change, [window(9.5, 'direct')], { stderr });
  expect(ended({ tells: ['MT3006'] }, 'MT3006 server-app ended\n')).toMatchObject({ outcome: 'ended', wrong: [] });
  expect(ended({ tells: ['MT3006'], names: 'client-proxy' }, 'MT3006 server-app ended\n').wrong).toEqual([
    'the reason does not speak of client-proxy',
  ]);
  expect(ended({}, 'MT3009 ip failed\n').wrong).toEqual(['MT3009 tells of something else']);
  expect(ended({}, 'MT3003 too slow\n').outcome).toBe('not tried');
  expect(ended({ alone: true }, 'MT3003 too slow\n').wrong).toEqual(['MT3003 tells of something else']);
});

test('what could not be undone is wrong, unless all of it is of what hangs', () => {
  const told = (mute: string | undefined, words: string) =>
    judged({ ...(mute === undefined ? {} : { mute }) }, [window(9.5, 'direct', error('MT0302'))], { notUndone: [words] }).wrong;
  expect(told(undefined, 'cAdvisor of direct: it took too long')).toEqual(['not undone: cAdvisor of direct: it took too long']);
  expect(told('cadvisor', 'cAdvisor of direct: it took too long')).toEqual([]);
  expect(told('cadvisor', 'cAdvisor of direct: it took too long; network namespaces: busy')).toHaveLength(1);
});
