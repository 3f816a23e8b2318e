/** Each fault in a run of its own: how did the run end, what is left, and did the fault become a figure? */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import type { RunRecord, TrialRecord } from '../../src/model/records.ts';
import { lostTrials } from '../crash/attempt.ts';
import { remainsOf } from '../crash/remains.ts';
import { endWithin, later, watchRun, type WatchedRun } from '../crash/watched-run.ts';
import { inventory, leftSince, meshtax, workspace, type Workspace } from '../e2e/machine.ts';
import { answerFaults } from './answers.ts';
import { componentFaults } from './components.ts';
import type { Fault, Outcome } from './fault.ts';
import { instrumentFaults } from './instruments.ts';
import { placeFaults } from './places.ts';
import { Scene } from './scene.ts';

export const faults: readonly Fault[] = [...componentFaults, ...answerFaults, ...instrumentFaults, ...placeFaults];

export interface FaultRecord {
  readonly fault: string;
  readonly exit: number | string;
  readonly outcome: Outcome | 'hangs' | 'a plausible number';
  /** The code that tells, and what it says. */
  readonly reason: string;
  readonly endMs: number;
  readonly leaked: readonly string[];
  readonly lost: readonly string[];
  readonly wrong: readonly string[];
}

const WATCHDOG_MS = 180_000;

export async function tryFault(fault: Fault): Promise<FaultRecord> {
  const space = await workspace();
  const disk = await mountDisk(fault, space);
  const before = await inventory();
  try {
    const record = await underFault(fault, disk.results, space);
    return { ...record, leaked: [...record.leaked, ...(await leftSince(before))] };
  } finally {
    // Also of a run whose fault could not be tried.
    await meshtax(['clean', '--all']);
    await disk.release();
    await space.remove();
  }
}

async function mountDisk({ disk }: Fault, space: Workspace): Promise<{ results: string; release: () => Promise<void> }> {
  if (!disk) return { results: space.results, release: async () => {} };
  const results = `${space.directory}/disk`;
  mkdirSync(results);
  const inodes = disk.inodes === undefined ? '' : `,nr_inodes=${disk.inodes}`;
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${disk.sizeKiB}k${inodes}`, 'tmpfs', results]);
  return { results, release: async () => void (await execa('umount', ['-l', results])) };
}

async function underFault(fault: Fault, results: string, space: Workspace): Promise<FaultRecord> {
  const file = await space.write('e.yaml', experimentOf(fault));
  const run = watchRun(['run', file, '--results', results], (await fault.environment?.(space.directory)) ?? {});
  await run.reached('started');
  await run.reached(fault.when === 'deploying' ? 'deploying' : 'trial-started', fault.when === 'deploying' ? 1 : 3);
  if (fault.when === 'measuring') await later(300);
  if (await Promise.race([run.exit.then(() => true), later(0)])) {
    const problem = `the run ended before its fault: ${run.stderr().slice(-300)}`;
    return { fault: fault.id, exit: await run.exit, outcome: 'ended', reason: '', endMs: 0, leaked: [], lost: [], wrong: [problem] };
  }
  const harmedNs = Number(process.hrtime.bigint());
  const harmedAtMs = performance.now();
  const mend = await fault.harm(new Scene(run, space.directory)).catch(async (error: unknown) => {
    await endWithin(run, 0);
    throw error;
  });
  const { exit, hung } = await endWithin(run, WATCHDOG_MS);
  const endMs = Math.round(performance.now() - harmedAtMs);
  await mend?.();
  const begun = { fault: fault.id, exit, endMs, lost: lostTrials(run) };
  if (hung) return { ...begun, outcome: 'hangs', reason: run.stderr().slice(-300), leaked: [], wrong: ['it hangs'] };
  const leaked = remainsOf(idOf(run));
  const found = judge(run, exit, harmedNs, fault.collector);
  const wrong = [...found.wrong, ...(await reportOf(run, results, found))];
  if (!fault.allowed.some((each) => each === found.outcome)) wrong.push(`${found.outcome} is not what may come of it`);
  return { ...begun, outcome: found.outcome, reason: found.reason, leaked, wrong };
}

interface Judged {
  readonly outcome: FaultRecord['outcome'];
  readonly reason: string;
  readonly wrong: string[];
}

function judge(run: WatchedRun, exit: number | string, harmedNs: number, sourceless: string | undefined): Judged {
  const error = /^(MT\d{4}) .*$/m.exec(run.stderr());
  if (exit !== 0 && exit !== 4)
    return { outcome: 'ended', reason: error?.[0] ?? '', wrong: exit === 3 && error ? [] : [`exit ${exit}: ${run.stderr().slice(-300)}`] };
  const trials = trialsOf(run.directory());
  const under = trials.filter(({ result }) => result.endNs > harmedNs);
  const wrong = under.filter(isPlausible).map(({ id }) => `${id} is valid, and not every request was answered on its path`);
  if (sourceless !== undefined && !trials.some(({ measures }) => measures.some(({ collector }) => collector === sourceless)))
    wrong.push(`${sourceless} had no figures before either: nothing was tried`);
  const madeUp = under.filter(
    ({ result, measures }) => result.startNs > harmedNs && measures.some(({ collector }) => collector === sourceless),
  );
  wrong.push(...madeUp.map(({ id }) => `${id} has figures of ${sourceless}, which had no source`));
  const invalid = under.filter(({ valid }) => !valid);
  // MT3007 says that trials are invalid; any other code ended the run.
  if (exit === 4 && error && error[1] !== 'MT3007') return { outcome: 'ended', reason: error[0], wrong };
  if (invalid.length > 0) return { outcome: 'invalid', reason: reasonsOf(invalid, 'error'), wrong };
  const usual = new Set(trials.filter((trial) => !under.includes(trial)).flatMap((trial) => codesOf(trial, 'warning')));
  const reported = under.filter((trial) => trial.superseded || codesOf(trial, 'warning').some((code) => !usual.has(code)));
  if (reported.length > 0) return { outcome: 'reported', reason: reasonsOf(reported, 'warning'), wrong };
  return { outcome: wrong.length > 0 ? 'a plausible number' : 'unharmed', reason: '', wrong };
}

/** A request was lost, failed or strayed, and the trial counts all the same. */
function isPlausible({ valid, result, path }: TrialRecord): boolean {
  const arm = result.arms[0];
  return valid && (!path.exact || (arm?.errors ?? 0) > (arm?.sent ?? 0) / 1000);
}

function codesOf({ findings }: TrialRecord, level: 'error' | 'warning'): string[] {
  return findings.filter((finding) => finding.level === level).map(({ code }) => code);
}

function reasonsOf(trials: readonly TrialRecord[], level: 'error' | 'warning'): string {
  const found = trials.flatMap(({ findings }) => findings.filter((finding) => finding.level === level));
  const first = found[0];
  return `${[...new Set(found.map(({ code }) => code))].join(', ')}${first ? `: ${first.title}: ${first.detail}` : ''}`;
}

/** The page says what happened; a run without a trial has none. */
async function reportOf(run: WatchedRun, results: string, { outcome }: Judged): Promise<string[]> {
  const directory = run.directory();
  if (!existsSync(`${directory}/run.json`) || trialsOf(directory).length === 0) return [];
  const record = JSON.parse(readFileSync(`${directory}/run.json`, 'utf8')) as RunRecord;
  const { exitCode, stdout, stderr } = await meshtax(['report', 'latest', '--results', results, '--format', 'md']);
  if (exitCode !== 0) return [`report ended with ${exitCode}: ${stderr.slice(-300)}`];
  const failure = record.failure?.slice(0, 40) ?? '';
  return outcome === 'ended' && record.status === 'failed' && !stdout.replaceAll('\\', '').includes(failure)
    ? ['the report does not say why the run ended']
    : [];
}

function trialsOf(directory: string): TrialRecord[] {
  const root = `${directory}/trials`;
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .map((name) => `${root}/${name}/trial.json`)
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as TrialRecord);
}

function idOf(run: WatchedRun): string {
  return run.directory().slice(run.directory().lastIndexOf('-') + 1);
}

/** A window of a second is too short for three samples of cAdvisor at its usual pace. */
function experimentOf({ datapath, workload = 'http-echo', collector }: Fault): string {
  return `name: faults${collector === 'cadvisor' ? '\ncluster: { id: lab, cadvisorInterval: 100ms }' : ''}
datapaths: [direct, ${datapath}]
workloads: [${workload}]
loads: [{ loop: open, rate: 300/s, duration: 1s, warmup: 100ms, connections: 4 }]
statistics: { blocks: 4, stop: fixed, design: block, cpu: false, blocksPerDeployment: 4, seed: faults }
`;
}
