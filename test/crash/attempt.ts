/** One attempt of the crash campaign: a real run is killed at some instant; what is left, lost or wrong afterwards? */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { UNFINISHED } from '../../src/model/ports.ts';
import type { Random } from '../../src/model/random.ts';
import { trialRecordSchema, type RunRecord } from '../../src/model/records.ts';
import { filesBelow } from '../../src/store/run-directory.ts';
import { files } from '../../src/system/files.ts';
import { meshtax, type Workspace } from '../e2e/machine.ts';
import { remainsOf } from '../campaign/remains.ts';
import { descendantsOf, signal } from '../campaign/processes.ts';
import { endWithin, later, watchRun, within, type WatchedRun } from '../campaign/watched-run.ts';

/** `tree`: everything at once, as a machine that stops. `parent`: nobody is left to undo. `child`: some process of ours. */
export const KILLS = ['tree', 'parent', 'child', 'SIGTERM', 'SIGINT', 'SIGINT twice'] as const;
export type Kill = (typeof KILLS)[number];

const DATAPATHS = ['envoy-sidecar', 'ebpf-lab', '{ id: iptables-service, services: 20 }'];
/** Nothing of ours takes so long: whatever does, hangs. */
const WATCHDOG_MS = 120_000;

export interface KillRecord {
  readonly kind: Kill;
  readonly seed: string;
  readonly delayMs: number;
  /** What the run told last before it was killed. */
  readonly phase: string;
  readonly exit: number | string;
  /** `not killed`: it had ended before. */
  readonly outcome: 'resumed' | 'sealed again' | 'nothing begun' | 'ended by itself' | 'not killed';
  readonly leaked: readonly string[];
  readonly lost: readonly string[];
  readonly wrong: readonly string[];
  readonly trials: number;
}

export async function attempt(kind: Kill, longestMs: number, seed: string, random: Random, space: Workspace): Promise<KillRecord> {
  const design = random.uniform() < 0.5 ? 'block' : 'duet';
  const cleanFirst = random.uniform() < 0.5;
  const file = await space.write('e.yaml', experimentOf(DATAPATHS[random.below(DATAPATHS.length)] ?? '', design));
  const delayMs = Math.round(random.uniform() * longestMs);
  const run = watchRun(['run', file, '--results', space.results, '--allow-concurrent']);
  const wrong: string[] = [];
  let exit = await within(delayMs, run.exit);
  const phase = run.phase();
  const killed = exit === undefined;
  if (killed) {
    await kill(kind, run, random);
    const end = await endWithin(run, WATCHDOG_MS);
    exit = end.exit;
    if (end.hung) wrong.push(`it hangs: ${run.stderr().slice(-300)}`);
    wrong.push(...unexpectedEnd(kind, exit, run));
  }
  const begun = { kind, seed, delayMs, phase, exit: exit ?? 'lost' };
  const after = await afterwards({ run, kind: killed ? kind : undefined, cleanFirst, space, wrong });
  return { ...begun, ...after, outcome: killed ? after.outcome : 'not killed' };
}

interface Afterwards {
  readonly run: WatchedRun;
  /** Undefined when it ended before. */
  readonly kind: Kill | undefined;
  readonly cleanFirst: boolean;
  readonly space: Workspace;
  readonly wrong: string[];
}

async function afterwards({
  run,
  kind,
  cleanFirst,
  space,
  wrong,
}: Afterwards): Promise<Pick<KillRecord, 'outcome' | 'leaked' | 'lost' | 'wrong' | 'trials'>> {
  const directory = run.directory();
  const id = directory.slice(directory.lastIndexOf('-') + 1);
  const leaked: string[] = [];
  const undone = kind === undefined || kind === 'child' || kind === 'SIGTERM' || kind === 'SIGINT';
  if (undone) leaked.push(...remainsOf(id).map((each) => `before clean: ${each}`));
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

  if (!cleanFirst) await clean();
  if (existsSync(directory) && outcome !== 'nothing begun')
    leaked.push(...(readdirSync(directory, { recursive: true }) as string[]).filter((name) => UNFINISHED.test(name)));
  return { outcome, leaked, lost, wrong, trials: run.ended.length };
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
  problems.push(...(await outOfOrder(directory)));
  if (sealed) return { outcome: kind === 'child' ? 'ended by itself' : 'not killed', problems };
  return { outcome: goesOn ? 'resumed' : 'sealed again', problems };
}

function experimentOf(datapath: string, design: string): string {
  return `name: crash
datapaths: [direct, ${datapath}]
workloads: [http-echo]
loads: [{ loop: open, rate: 200/s, duration: 300ms, warmup: 50ms, connections: 2 }]
statistics: { blocks: 3, stop: fixed, design: ${design}, cpu: false, blocksPerDeployment: 2, seed: crash }
`;
}

async function kill(kind: Kill, run: WatchedRun, random: Random): Promise<void> {
  switch (kind) {
    case 'tree': {
      signal(run.pid, 'SIGSTOP'); // nothing may be born between looking and killing
      for (const pid of [run.pid, ...descendantsOf(run.pid)]) signal(pid, 'SIGKILL');
      return;
    }
    case 'parent':
      return signal(run.pid, 'SIGKILL');
    case 'child': {
      const below = descendantsOf(run.pid);
      const pid = below[random.below(below.length)];
      if (pid !== undefined) signal(pid, 'SIGKILL');
      return;
    }
    case 'SIGTERM':
    case 'SIGINT':
      return signal(run.pid, kind);
    case 'SIGINT twice':
      signal(run.pid, 'SIGINT');
      await later(random.uniform() * 400);
      return signal(run.pid, 'SIGINT');
  }
}

/** A bug has exit code 1; everything else has a code of its own. */
function unexpectedEnd(kind: Kill, exit: number | string, run: WatchedRun): string[] {
  const isGraceful = kind === 'SIGTERM' || kind === 'SIGINT' || kind === 'SIGINT twice';
  // Before it listens the signal itself ends it, and there is nothing to undo yet.
  const unheard = run.directory() === '' ? ['SIGTERM', 'SIGINT'] : [];
  const expected = isGraceful ? [130, 0, 4, ...unheard] : kind === 'child' ? [0, 3, 4] : ['SIGKILL'];
  return expected.includes(exit) ? [] : [`it ended with ${exit}: ${run.stderr().slice(-300)}`];
}

function recordOf(directory: string): RunRecord {
  return JSON.parse(readFileSync(`${directory}/run.json`, 'utf8')) as RunRecord;
}

function trialsOf(directory: string): string[] {
  return existsSync(`${directory}/trials`) ? readdirSync(`${directory}/trials`) : [];
}

/** Whose end was told, and which are not on disk, or not whole. */
export function lostTrials(run: WatchedRun): string[] {
  return run.ended.filter((trial) => !isWhole(`${run.directory()}/trials/${trial}/trial.json`));
}

function isWhole(file: string): boolean {
  try {
    return trialRecordSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).success;
  } catch {
    return false;
  }
}

function printsOf(directory: string): Map<string, string> {
  return new Map(
    trialsOf(directory).flatMap((trial) => {
      const file = `${directory}/trials/${trial}/trial.json`;
      return existsSync(file) ? [[trial, createHash('sha256').update(readFileSync(file)).digest('hex')] as const] : [];
    }),
  );
}

/** Trials carry their place in the randomised order in their names: by name and by time they must be in the same one. */
async function outOfOrder(directory: string): Promise<string[]> {
  const names = (await filesBelow(`${directory}/trials`, files)).filter((name) => name.endsWith('trial.json') && !name.includes('-again'));
  const trials = names.map((name) => trialRecordSchema.parse(JSON.parse(readFileSync(`${directory}/trials/${name}`, 'utf8'))));
  const byPlace = trials.toSorted((a, b) => a.block - b.block || a.position - b.position).map(({ startedAt }) => startedAt);
  return byPlace.every((at, index) => index === 0 || at >= (byPlace[index - 1] ?? '')) ? [] : ['the order is not the planned one'];
}
