/** What came of a fault: did the run end, were trials invalid, was it told, and did anything wrong look right? */
import type { TrialRecord } from '../../src/model/records.ts';
import { wronglyRight } from '../campaign/plausible.ts';
import { trialsOf } from '../campaign/trials.ts';
import type { WatchedRun } from '../campaign/watched-run.ts';
import { TIMING_CODES } from '../e2e/machine.ts';
import type { Fault, Outcome } from './fault.ts';

export interface Judged {
  /** `not tried`: the machine was too busy for the run. */
  readonly outcome: Outcome | 'a plausible number' | 'not tried';
  /** The code that tells, and what it says. */
  readonly reason: string;
  /** What the report must say instead: the name of a window that is invalid for its timing too, of which warnings are not shown. */
  readonly says?: string;
  readonly wrong: readonly string[];
}

/** The generator is too slow, as it may be with several runs at once. */
export const TOO_BUSY = 'MT3003';
/** Some trials are invalid: these say why. */
const INVALID_TRIALS = 'MT3007';
/** In the report's words. */
const MEASURED_AGAIN = 'measured again in all arms because the host stood still';
/** What the program says when something keeps it from ending. */
const LINGERS = 'something of it goes on';

/** Monotonic: when it began, and when it was there. */
export interface Harm {
  readonly harmedNs: number;
  readonly harmDoneNs: number;
}

export function judge(fault: Fault, run: WatchedRun, exit: number | string, harm: Harm): Judged {
  const found = outcomeOf(fault, run, exit, harm);
  const wrong = [...found.wrong, ...run.notUndone.filter((each) => !isMute(fault, each)).map((each) => `not undone: ${each}`)];
  if (fault.names !== undefined && found.outcome !== 'not tried' && !found.reason.includes(fault.names))
    wrong.push(`the reason does not speak of ${fault.names}`);
  if (run.stderr().includes(LINGERS)) wrong.push(`${LINGERS} after its end`);
  const isAllowed = found.outcome === 'not tried' || fault.allowed.some((each) => each === found.outcome);
  if (!isAllowed) wrong.push(`${found.outcome} is not what may come of it`);
  return { ...found, wrong };
}

/** Every part of it that could not be undone is of what hangs. */
function isMute({ mute }: Fault, notUndone: string): boolean {
  return mute !== undefined && notUndone.split('; ').every((part) => part.toLowerCase().includes(mute));
}

/** The error in words that ended the run, and its code. */
export function lastWords(run: WatchedRun): { readonly words: string; readonly code: string | undefined } {
  const [words = '', code] = /^(MT\d{4}) .*$/m.exec(run.stderr()) ?? [];
  return { words, code };
}

function outcomeOf(fault: Fault, run: WatchedRun, exit: number | string, { harmedNs, harmDoneNs }: Harm): Judged {
  const { words, code } = lastWords(run);
  if (exit !== 0 && exit !== 4 && (exit !== 3 || code === undefined))
    return { outcome: 'ended', reason: words, wrong: [`exit ${exit}: ${run.stderr().slice(-300)}`] };
  const trials = trialsOf(run.directory());
  const under = trials.filter(({ result }) => result.endNs > harmedNs);
  const wrong = [
    ...wronglyRight(under),
    ...madeUp(fault, trials, harmDoneNs),
    ...counted(fault, trials, harmDoneNs),
    ...(fault.effect?.(trials) ?? []),
  ];
  if (exit !== 0 && code !== undefined && code !== INVALID_TRIALS) {
    if (fault.tells.includes(code)) return { outcome: 'ended', reason: words, wrong };
    if (code === TOO_BUSY && fault.alone !== true) return { outcome: 'not tried', reason: words, wrong };
    return { outcome: 'ended', reason: words, wrong: [...wrong, `${code} tells of something else`] };
  }
  if (under.length === 0) wrong.push('no trial was under it');
  const others = under.flatMap((trial) => codesOf(trial, 'error')).filter((each) => !isTold(fault, each) && !TIMING_CODES.includes(each));
  wrong.push(...new Set(others.map((each) => `invalid by ${each}, which tells of something else`)));
  const invalid = under.filter((trial) => !trial.valid && codesOf(trial, 'error').some((each) => isTold(fault, each)));
  // What was measured again is told as that, and its findings are in its own record.
  const final = invalid.filter(({ superseded }) => !superseded);
  if (final.length > 0) return { outcome: 'invalid', reason: reasonOf(fault, final, 'error'), wrong };
  const codes = [...new Set(invalid.flatMap((trial) => codesOf(trial, 'error')))].filter((each) => isTold(fault, each));
  if (invalid.length > 0) return { outcome: 'invalid', reason: `${codes.join(', ')}: ${MEASURED_AGAIN}`, wrong };
  return toldOf(fault, trials, under, wrong);
}

function toldOf(fault: Fault, trials: readonly TrialRecord[], under: readonly TrialRecord[], wrong: readonly string[]): Judged {
  const usual = new Set(trials.filter((trial) => !under.includes(trial)).flatMap((trial) => codesOf(trial, 'warning')));
  const warned = shownFirst(under.filter((trial) => codesOf(trial, 'warning').some((each) => isTold(fault, each) && !usual.has(each))));
  if (warned.length > 0) return { outcome: 'reported', reason: reasonOf(fault, warned, 'warning'), wrong, ...unseen(warned) };
  const before = trials.filter((trial) => !under.includes(trial));
  const missingIn = (trial: TrialRecord) =>
    trial.notMeasured.find(({ collector, metric }) =>
      fault.collector === undefined ? measures(before, trial.arm, collector, metric) : collector === fault.collector,
    );
  const lacking = shownFirst(under.filter((trial) => missingIn(trial) !== undefined));
  const missing = lacking[0] && missingIn(lacking[0]);
  if (missing)
    return { outcome: 'reported', reason: `no figures of ${missing.collector}: ${missing.notMeasured}`, wrong, ...unseen(lacking) };
  const arms = new Set(trials.map(({ arm }) => arm));
  const silent = [...arms].filter((arm) => !under.some((trial) => trial.arm === arm && trial.valid));
  const all = [...wrong, ...silent.map((arm) => `no window of ${arm} counts after it: that is not unharmed`)];
  return { outcome: all.length > 0 ? 'a plausible number' : 'unharmed', reason: '', wrong: all };
}

/** Warnings of a window that counts, then of one that is invalid, then of one that was measured again. */
function shownFirst(trials: readonly TrialRecord[]): TrialRecord[] {
  const rank = ({ superseded, valid }: TrialRecord) => (superseded ? 2 : valid ? 0 : 1);
  return trials.toSorted((a, b) => rank(a) - rank(b));
}

function unseen([first]: readonly TrialRecord[]): { says?: string } {
  if (first === undefined || (first.valid && !first.superseded)) return {};
  return { says: first.superseded ? MEASURED_AGAIN : first.id };
}

/** Whether that figure was there before. */
function measures(trials: readonly TrialRecord[], arm: string, collector: string, metric: string): boolean {
  return trials.some((trial) => trial.arm === arm && trial.measures.some((each) => each.collector === collector && each.metric === metric));
}

/** Windows that began when the fault was there, and count all the same, though it lasts. */
function counted({ lasts }: Fault, trials: readonly TrialRecord[], harmDoneNs: number): string[] {
  if (lasts !== true) return [];
  return trials.filter(({ valid, result }) => valid && result.startNs > harmDoneNs).map(({ id }) => `${id} counts, and the fault lasted`);
}

/** Figures of a window that began when their source was gone; and whether there were any before, else nothing was tried. */
function madeUp({ collector, madeUpOnce }: Fault, trials: readonly TrialRecord[], harmDoneNs: number): string[] {
  if (collector === undefined) return [];
  const having = trials.filter(({ measures }) => measures.some((each) => each.collector === collector));
  const after = having.filter(({ result }) =>
    madeUpOnce === true ? result.startNs < harmDoneNs && result.endNs > harmDoneNs : result.startNs > harmDoneNs,
  );
  return [
    ...after.map(({ id }) => `${id} has figures of ${collector}, which had no source`),
    ...(having.length === after.length ? [`${collector} had no figures before either: nothing was tried`] : []),
  ];
}

function isTold({ tells }: Fault, code: string): boolean {
  return tells.includes(code);
}

function codesOf({ findings }: TrialRecord, level: 'error' | 'warning'): string[] {
  return findings.filter((finding) => finding.level === level).map(({ code }) => code);
}

function reasonOf(fault: Fault, trials: readonly TrialRecord[], level: 'error' | 'warning'): string {
  const found = trials.flatMap(({ findings }) => findings.filter((finding) => finding.level === level && isTold(fault, finding.code)));
  const first = found[0];
  return `${[...new Set(found.map(({ code }) => code))].join(', ')}${first ? `: ${first.title}: ${first.detail}` : ''}`;
}
