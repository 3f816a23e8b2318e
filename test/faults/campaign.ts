/** Each fault in a run of its own: how did the run end, what is left, and did the fault become a figure? */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { reasonOf } from '../../src/model/errors.ts';
import type { RunRecord } from '../../src/model/records.ts';
import { holding } from '../campaign/held.ts';
import { remainsOf } from '../campaign/remains.ts';
import { isBad, type Findings, stamp, type Stamp } from '../campaign/record.ts';
import { lostTrials, trialsOf } from '../campaign/trials.ts';
import { endWithin, killWhole, later, watchRun, within, type WatchedRun } from '../campaign/watched-run.ts';
import { inventory, leftSince, meshtax, workspace, type Workspace } from '../e2e/machine.ts';
import { answerFaults } from './answers.ts';
import { componentFaults } from './components.ts';
import type { Fault } from './fault.ts';
import { instrumentFaults } from './instruments.ts';
import { judge, lastWords, TOO_BUSY, type Judged } from './judge.ts';
import { placeFaults } from './places.ts';
import { Scene } from './scene.ts';

export const faults: readonly Fault[] = [...componentFaults, ...answerFaults, ...instrumentFaults, ...placeFaults];

export interface FaultRecord extends Stamp, Findings {
  readonly fault: string;
  readonly exit: number | string;
  /** `not tried`: the machine was too busy, each time. */
  readonly outcome: Judged['outcome'] | 'hangs';
  readonly reason: string;
  /** From the harm to the end of the run, and of that from when it began to undo. */
  readonly endMs: number;
  readonly undoMs?: number | undefined;
  readonly notUndone?: readonly string[];
}
type Tried = Omit<FaultRecord, keyof Stamp>;

const WATCHDOG_MS = 240_000;
/** The rest of the windows, and waiting for answers. */
const ENDS_WITHIN_MS = 90_000;
/** Undoing has 30 s, with what ends by itself a little more. */
const UNDONE_WITHIN_MS = 40_000;
/** So many between two looks at the whole machine. */
const ROUND = 24;
/** To die after SIGKILL. */
const DIES_WITHIN_MS = 5000;
/** Where the machine was too busy. */
const ATTEMPTS = 3;

/** Several at once; those that change the machine itself one by one. What a look at the whole machine shows is on each of its round. */
export async function faultCampaign(chosen: readonly Fault[], atOnce: number, noted: (record: FaultRecord) => void): Promise<void> {
  await meshtax(['clean', '--all']);
  for (const round of roundsOf(chosen)) {
    const before = await inventory();
    const records: FaultRecord[] = [];
    const worker = async () => {
      for (let next = round.shift(); next !== undefined; next = round.shift()) records.push(...(await tryFault(next)));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const leaked = await lookAfter(before);
    for (const record of records) noted({ ...record, leaked: [...record.leaked, ...leaked] });
  }
}

/** What a round left on the machine; that nobody could look is no reason to lose what was tried. */
async function lookAfter(before: Awaited<ReturnType<typeof inventory>>): Promise<string[]> {
  await meshtax(['clean', '--all']);
  return leftSince(before).catch((error: unknown) => [`the machine could not be looked at: ${String(error)}`]);
}

function roundsOf(chosen: readonly Fault[]): Fault[][] {
  const together = chosen.filter(({ alone }) => alone !== true);
  const rounds = Array.from({ length: Math.ceil(together.length / ROUND) }, (_, at) => together.slice(at * ROUND, (at + 1) * ROUND));
  return [...rounds, ...chosen.filter(({ alone }) => alone === true).map((each) => [each])];
}

/** The first attempt in which it was tried; and of those in which it was not, the ones that show something of meshtax, or else the last. */
async function tryFault(fault: Fault): Promise<FaultRecord[]> {
  const telling: FaultRecord[] = [];
  for (let attempt = 1; ; attempt++) {
    const { isOurs, ...tried } = await attemptFault(fault);
    const record = { ...stamp(), ...tried };
    const isTried = record.outcome !== 'not tried';
    const isLast = isTried || attempt === ATTEMPTS;
    // Three times after the harm is no busy machine any more: then it tells of the wrong thing.
    if (!isTried && isLast && record.endMs > 0) record.wrong = [...record.wrong, `${TOO_BUSY} after the harm, ${ATTEMPTS} times`];
    if (isLast || (isBad(record) && !isOurs)) telling.push(record);
    if (isLast) return telling;
  }
}

/** `isOurs`: the campaign itself could not do it, which says nothing of meshtax. */
type Attempt = Omit<Tried, 'wrong'> & { wrong: readonly string[]; readonly isOurs: boolean };

async function attemptFault(fault: Fault): Promise<Attempt> {
  const nothing = { fault: fault.id, exit: '', outcome: 'not tried', reason: '', endMs: 0, leaked: [], lost: [] } as const;
  const failed = (error: unknown): Attempt => ({ ...nothing, wrong: [`the attempt failed: ${reasonOf(error)}`], isOurs: true });
  try {
    const space = await workspace();
    const stays: string[] = [];
    const remove = () => space.remove().catch((error: unknown) => void stays.push(`the folder of the attempt stays: ${reasonOf(error)}`));
    const attempt = await holding(remove, () =>
      onDisk(fault, space, (results) => underFault(fault, results, space)).then((tried) => ({ ...tried, isOurs: false }), failed),
    );
    return { ...attempt, wrong: [...attempt.wrong, ...stays] };
  } catch (error) {
    return failed(error);
  }
}

async function onDisk<T>({ disk }: Fault, space: Workspace, work: (results: string) => Promise<T>): Promise<T> {
  if (!disk) return work(space.results);
  const results = `${space.directory}/disk`;
  mkdirSync(results);
  const inodes = disk.inodes === undefined ? '' : `,nr_inodes=${disk.inodes}`;
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${disk.sizeKiB}k${inodes}`, 'tmpfs', results]);
  return holding(
    async () => void (await execa('umount', ['--lazy', results])),
    () => work(results),
  );
}

async function underFault(fault: Fault, results: string, space: Workspace): Promise<Tried> {
  const file = await space.write('e.yaml', experimentOf(fault));
  const run = watchRun(['run', file, '--results', results, '--allow-concurrent'], (await fault.environment?.(space.directory)) ?? {});
  return holding(
    async () => {
      killWhole(run);
      await within(DIES_WITHIN_MS, run.exit);
    },
    async () => {
      const ended = await endedBefore(fault, run);
      if (ended !== undefined) return endedUnharmed(fault, run, ended);
      const [harmedNs, harmedMs] = [Number(process.hrtime.bigint()), performance.now()];
      const harmed = await within(
        WATCHDOG_MS,
        fault.harm(new Scene(run, space.directory)).then((mend) => ({ mend })),
      );
      if (harmed === undefined) throw new Error('the harm does not end');
      const harmDoneNs = Number(process.hrtime.bigint());
      return holding(
        async () => await harmed.mend?.(),
        async () => {
          const end = await endWithin(run, WATCHDOG_MS);
          return afterwards(fault, run, { ...end, harmedNs, harmDoneNs, endMs: Math.round(performance.now() - harmedMs), results });
        },
      );
    },
  );
}

interface End {
  readonly exit: number | string;
  readonly hung: boolean;
  readonly harmedNs: number;
  readonly harmDoneNs: number;
  readonly endMs: number;
  readonly results: string;
}

async function afterwards(fault: Fault, run: WatchedRun, { exit, hung, endMs, results, ...harm }: End): Promise<Tried> {
  const undoMs = Math.round(run.undoingMs() ?? 0);
  const ended = { fault: fault.id, exit, endMs, undoMs, notUndone: run.notUndone };
  const begun = { ...ended, leaked: remainsOf(idOf(run)), lost: fault.loses === true ? [] : lostTrials(run) };
  if (hung) return { ...begun, outcome: 'hangs', reason: run.stderr().slice(-300), wrong: ['it hangs'] };
  const { says, ...found } = judge(fault, run, exit, harm);
  const late = [
    ...(endMs > ENDS_WITHIN_MS ? [`it took ${endMs} ms to end`] : []),
    ...(undoMs > UNDONE_WITHIN_MS ? [`it took ${undoMs} ms to undo`] : []),
  ];
  return {
    ...begun,
    ...found,
    wrong: [...found.wrong, ...late, ...(await reportOf(fault, run, results, { ...found, ...(says === undefined ? {} : { says }) }))],
  };
}

/** Resolves when it is time for the harm: with the exit code, when there is nothing to harm any more. @throws Error when it hangs. */
async function endedBefore(fault: Fault, run: WatchedRun): Promise<number | string | undefined> {
  const reached = async (kind: string, n?: number) => {
    if (
      (await within(
        WATCHDOG_MS,
        run.reached(kind, n).then(() => true),
      )) === undefined
    )
      throw new Error(`it never comes to ${kind}`);
  };
  await reached('started');
  if (fault.when === 'starting') return undefined;
  if (fault.when === 'deploying') await reached('deploying');
  else {
    const [, arm = fault.datapath] = /id: ([a-z-]+)/.exec(fault.datapath) ?? [];
    await reached(`trial-started ${arm}`, 2);
    await later(400);
  }
  return run.isOver() ? run.exit : undefined;
}

/** Only a machine that is too busy may end a run before anything is done to it. */
function endedUnharmed(fault: Fault, run: WatchedRun, exit: number | string): Tried {
  const { words, code } = lastWords(run);
  const isBusy = exit === 4 && code === TOO_BUSY;
  const wrong = isBusy ? [] : [`it ended with ${exit} before the fault: ${run.stderr().slice(-300)}`];
  return {
    fault: fault.id,
    exit,
    outcome: 'not tried',
    reason: words,
    endMs: 0,
    leaked: remainsOf(idOf(run)),
    lost: lostTrials(run),
    wrong,
  };
}

/** The page says what happened; of a run without a trial there is none, then the record does. */
async function reportOf(fault: Fault, run: WatchedRun, results: string, { outcome, reason, says: instead }: Judged): Promise<string[]> {
  const directory = run.directory();
  if (!existsSync(`${directory}/run.json`)) return fault.disk || fault.loses === true ? [] : ['there is no record of the run'];
  const record = JSON.parse(readFileSync(`${directory}/run.json`, 'utf8')) as RunRecord;
  // On a full disk the record stays as it was: that it did not end is what can be said.
  const isStuck = fault.disk !== undefined && record.status === 'running';
  const hasEnded = outcome === 'ended' || outcome === 'not tried';
  if (hasEnded && !isStuck && !record.failure) return [`the record is ${record.status} and does not say why it ended`];
  if (trialsOf(directory).length === 0) return [];
  const { exitCode, stdout, stderr } = await meshtax(['report', 'latest', '--results', results, '--format', 'md']);
  if (exitCode !== 0) return [`report ended with ${exitCode}: ${stderr.slice(-300)}`];
  const says = (words: string) => stdout.replaceAll('\\', '').includes(words);
  if (hasEnded) {
    const why = isStuck ? 'This run is running' : (record.failure ?? '').slice(0, 40);
    return says(why) ? [] : [`the report does not say "${why}"`];
  }
  if (outcome === 'unharmed') return [];
  // In the words of the check, or of the figure that is missing.
  const words = instead ?? reason.replace(/^(?:MT\d{4},? ?)+: |^no figures of [a-z-]+: /, '').slice(0, 60);
  return says(words) ? [] : [`the report does not say "${words}"`];
}

function idOf(run: WatchedRun): string {
  return run.directory().slice(run.directory().lastIndexOf('-') + 1);
}

/** A window of a second is too short for three samples of cAdvisor at its usual pace. */
function experimentOf({ datapath, workload = 'http-echo', collector, measured }: Fault): string {
  const cpu = measured === 'with a ladder' ? '{ shares: [0.1, 0.2, 0.3], window: 500ms, warmup: 100ms }' : 'false';
  return `name: faults${collector === 'cadvisor' ? '\ncluster: { id: lab, cadvisorInterval: 100ms }' : ''}
datapaths: [direct, ${datapath}]
workloads: [${workload}]
loads: [{ loop: open, rate: 300/s, duration: 1s, warmup: 100ms, connections: 4 }]
statistics: { blocks: 4, stop: fixed, design: ${measured === 'duet' ? 'duet' : 'block'}, cpu: ${cpu}, blocksPerDeployment: 4, seed: faults }
`;
}
