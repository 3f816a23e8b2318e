/** One attempt of the crash campaign: a real run is killed at some instant; what is left, lost or wrong afterwards? */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { UNFINISHED } from '../../src/model/ports.ts';
import type { Random } from '../../src/model/random.ts';
import type { RunRecord } from '../../src/model/records.ts';
import { holding } from '../campaign/held.ts';
import { wronglyRight } from '../campaign/plausible.ts';
import { descendantsOf, signal } from '../campaign/processes.ts';
import { remainsOf } from '../campaign/remains.ts';
import type { Findings, Stamp } from '../campaign/record.ts';
import { lostTrials, trialsOf } from '../campaign/trials.ts';
import { endWithin, killWhole, later, watchRun, type WatchedRun } from '../campaign/watched-run.ts';
import { meshtax, type Workspace } from '../e2e/machine.ts';
import { aimOf, reachAim, type Aim } from './aim.ts';
import { notAsPlanned } from './planned.ts';

/** `tree`: everything at once, as a machine that stops. `parent`: nobody is left to undo. `child`: some process of ours. */
export const KILLS = ['tree', 'parent', 'child', 'SIGTERM', 'SIGINT', 'SIGINT twice'] as const;
export type Kill = (typeof KILLS)[number];

const DATAPATHS = ['envoy-sidecar', 'ebpf-lab', '{ id: iptables-service, services: 20 }'];
/** Nothing of ours takes so long: whatever does, hangs. */
const WATCHDOG_MS = 120_000;
/** Undoing has 30 s, with what ends by itself a little more. */
const UNDONE_WITHIN_MS = 40_000;

export interface KillRecord extends Stamp, Findings {
  readonly kind: Kill;
  readonly seed: string;
  readonly aim: Aim;
  /** What the run told last before it was killed. */
  readonly phase: string;
  readonly exit: number | string;
  /** From the kill to the end of the run. */
  readonly endMs: number;
  /** `not killed`: it had ended before, or there was nothing to kill. */
  readonly outcome: 'resumed' | 'sealed again' | 'nothing begun' | 'ended by itself' | 'not killed';
  /** Whose end it had told when it was killed. */
  readonly trials: number;
}
export type Attempted = Omit<KillRecord, keyof Stamp>;

export async function attempt(kind: Kill, seed: string, random: Random, space: Workspace): Promise<Attempted> {
  const experiment = experimentOf(DATAPATHS[random.below(DATAPATHS.length)] ?? '', random.uniform() < 0.5 ? 'block' : 'duet');
  const cleanFirst = random.uniform() < 0.5;
  const aim = aimOf(random);
  const run = watchRun(['run', await space.write('e.yaml', experiment), '--results', space.results, '--allow-concurrent']);
  return holding(
    () => killWhole(run),
    async () => {
      const isThere = await reachAim(run, aim, WATCHDOG_MS);
      const [phase, trials] = [run.phase(), run.ended.length];
      const beganMs = performance.now();
      const killed = isThere && (await kill(kind, run, random));
      const { exit, hung } = await endWithin(run, WATCHDOG_MS);
      const endMs = Math.round(performance.now() - beganMs);
      const wrong = unexpectedEnd(killed ? kind : undefined, exit, run);
      if (hung) wrong.push(`it hangs: ${run.stderr().slice(-300)}`);
      // With 0 and 4 it went on to its own end.
      if (killed && !['SIGKILL', 0, 4].includes(exit) && endMs > UNDONE_WITHIN_MS) wrong.push(`it took ${endMs} ms to end`);
      const after = await afterwards({ run, kind: killed ? kind : undefined, phase, cleanFirst, space, experiment, wrong });
      return { kind, seed, aim, phase, exit, endMs, trials, ...after, outcome: killed ? after.outcome : 'not killed' };
    },
  );
}

interface Afterwards {
  readonly run: WatchedRun;
  /** Undefined when it ended before. */
  readonly kind: Kill | undefined;
  readonly phase: string;
  readonly cleanFirst: boolean;
  readonly space: Workspace;
  readonly experiment: string;
  readonly wrong: string[];
}
type Found = Pick<KillRecord, 'outcome' | 'leaked' | 'lost' | 'wrong'>;

async function afterwards({ run, kind, phase, cleanFirst, space, experiment, wrong }: Afterwards): Promise<Found> {
  const directory = run.directory();
  const id = directory.slice(directory.lastIndexOf('-') + 1);
  const leaked: string[] = [];
  const undone = kind === undefined || kind === 'child' || kind === 'SIGTERM' || kind === 'SIGINT';
  if (undone) leaked.push(...remainsOf(id).map((each) => `before clean: ${each}`));
  if (undone) wrong.push(...run.notUndone.map((each) => `not undone: ${each}`));
  const clean = async () => {
    const { exitCode, stderr } = await meshtax(['clean', '--all']);
    if (exitCode !== 0) wrong.push(`clean ended with ${exitCode}: ${stderr}`);
    leaked.push(...remainsOf(id));
  };
  if (cleanFirst) await clean();

  const before = printsOf(directory);
  const lost = lostTrials(run);
  const { outcome, problems } = await goOn(directory, space, kind);
  wrong.push(...problems);
  const after = printsOf(directory);
  for (const [trial, print] of before) if (after.get(trial) !== print) lost.push(`${trial} was changed`);
  if (outcome === 'nothing begun') {
    // The record is written as soon as the lab is open, before anything else is told.
    if (phase !== 'starting' && phase !== 'started') lost.push(`run.json is missing after ${phase}`);
  } else {
    wrong.push(...notAsPlanned(experiment, trialsOf(directory)), ...wronglyRight(trialsOf(directory)));
    leaked.push(...(readdirSync(directory, { recursive: true }) as string[]).filter((name) => UNFINISHED.test(name)));
  }
  if (!cleanFirst) await clean();
  return { outcome, leaked, lost, wrong };
}

/** Resumed where it is not whole; then sealed, verified and analysed. */
async function goOn(
  directory: string,
  { results }: Workspace,
  kind: Kill | undefined,
): Promise<{ outcome: KillRecord['outcome']; problems: string[] }> {
  if (!existsSync(`${directory}/run.json`)) return { outcome: 'nothing begun', problems: [] };
  const problems: string[] = [];
  const mustSucceed = async (allowed: readonly number[], ...args: string[]) => {
    const { exitCode, stderr } = await meshtax([...args, '--results', results], { timeoutMs: WATCHDOG_MS });
    if (!allowed.includes(exitCode ?? -1)) problems.push(`${args[0]} ended with ${exitCode}: ${stderr.slice(-300)}`);
    return exitCode;
  };
  const sealed = existsSync(`${directory}/SHA256SUMS`);
  const begun = recordOf(directory);
  let resumed = 0;
  // Several at once, a generator may be too slow (MT3003): then it is told so, and goes on as its user would.
  while (!existsSync(`${directory}/SHA256SUMS`) && resumed < 3) {
    resumed++;
    if ((await mustSucceed([0, 4], 'run', '--resume', 'latest', '--progress', 'quiet', '--allow-concurrent')) !== 4) break;
  }
  await mustSucceed([0], 'verify', 'latest');
  await mustSucceed([0], 'analyse', 'latest');
  const record = recordOf(directory);
  if (record.status !== 'complete' || !record.sealed) problems.push(`it is ${record.status} after it was resumed`);
  const goesOn = !sealed && begun.status !== 'complete';
  if (goesOn && record.gaps.length !== begun.gaps.length + resumed) problems.push('a gap is not marked');
  if (sealed) return { outcome: kind === 'child' ? 'ended by itself' : 'not killed', problems };
  return { outcome: goesOn ? 'resumed' : 'sealed again', problems };
}

/** Three blocks of two trials: `aim.ts` counts them. */
function experimentOf(datapath: string, design: string): string {
  return `name: crash
datapaths: [direct, ${datapath}]
workloads: [http-echo]
loads: [{ loop: open, rate: 200/s, duration: 300ms, warmup: 50ms, connections: 2 }]
statistics: { blocks: 3, stop: fixed, design: ${design}, cpu: false, blocksPerDeployment: 2, seed: crash }
`;
}

/** False when there was nothing to kill. */
async function kill(kind: Kill, run: WatchedRun, random: Random): Promise<boolean> {
  switch (kind) {
    case 'tree':
      killWhole(run);
      return true;
    case 'parent':
      signal(run.pid, 'SIGKILL');
      return true;
    case 'child': {
      const below = descendantsOf(run.pid);
      const pid = below[random.below(below.length)];
      if (pid !== undefined) signal(pid, 'SIGKILL');
      return pid !== undefined;
    }
    case 'SIGTERM':
    case 'SIGINT':
      signal(run.pid, kind);
      return true;
    case 'SIGINT twice':
      signal(run.pid, 'SIGINT');
      await later(random.uniform() * 400);
      if (!run.isOver()) signal(run.pid, 'SIGINT');
      return true;
  }
}

/** A bug has exit code 1; everything else has a code of its own. */
function unexpectedEnd(kind: Kill | undefined, exit: number | string, run: WatchedRun): string[] {
  const isGraceful = kind === 'SIGTERM' || kind === 'SIGINT' || kind === 'SIGINT twice';
  // Before it listens the signal itself ends it, and there is nothing to undo yet.
  // So does a second one after all is done, while it is leaving.
  const unheard = run.directory() === '' || run.phase() === 'ended' ? ['SIGTERM', 'SIGINT'] : [];
  const others = kind === undefined ? [0, 4] : kind === 'child' ? [0, 3, 4] : ['SIGKILL'];
  const expected = isGraceful ? [130, 0, 4, ...unheard] : others;
  return expected.includes(exit) ? [] : [`it ended with ${exit}: ${run.stderr().slice(-300)}`];
}

function recordOf(directory: string): RunRecord {
  return JSON.parse(readFileSync(`${directory}/run.json`, 'utf8')) as RunRecord;
}

function printsOf(directory: string): Map<string, string> {
  const trials = existsSync(`${directory}/trials`) ? readdirSync(`${directory}/trials`) : [];
  return new Map(
    trials.flatMap((trial) => {
      const file = `${directory}/trials/${trial}/trial.json`;
      return existsSync(file) ? [[trial, createHash('sha256').update(readFileSync(file)).digest('hex')] as const] : [];
    }),
  );
}
