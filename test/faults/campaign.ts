/** Each fault in a run of its own: how did the run end, what is left, and did the fault become a figure? */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import type { RunRecord } from '../../src/model/records.ts';
import { lostTrials } from '../campaign/trials.ts';
import { remainsOf } from '../campaign/remains.ts';
import { endWithin, later, watchRun, type WatchedRun } from '../campaign/watched-run.ts';
import { inventory, leftSince, meshtax, workspace, type Workspace } from '../e2e/machine.ts';
import { answerFaults } from './answers.ts';
import { componentFaults } from './components.ts';
import type { Fault } from './fault.ts';
import { instrumentFaults } from './instruments.ts';
import { judge, trialsOf, type Judged } from './judge.ts';
import { placeFaults } from './places.ts';
import { Scene } from './scene.ts';

export const faults: readonly Fault[] = [...componentFaults, ...answerFaults, ...instrumentFaults, ...placeFaults];

export interface FaultRecord {
  readonly fault: string;
  readonly exit: number | string;
  readonly outcome: Judged['outcome'] | 'hangs';
  readonly reason: string;
  readonly endMs: number;
  readonly leaked: readonly string[];
  readonly lost: readonly string[];
  readonly wrong: readonly string[];
}

const WATCHDOG_MS = 240_000;
/** So many between two looks at the whole machine. */
const ROUND = 8;

/** Several at once; those that change the machine itself one by one. */
export async function faultCampaign(chosen: readonly Fault[], atOnce: number, noted: (record: FaultRecord) => void): Promise<void> {
  await meshtax(['clean', '--all']);
  for (const round of roundsOf(chosen)) {
    const before = await inventory();
    const records: FaultRecord[] = [];
    const worker = async () => {
      for (let next = round.shift(); next !== undefined; next = round.shift()) records.push(await tryFault(next));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await meshtax(['clean', '--all']);
    const leaked = await leftSince(before);
    for (const record of records) noted({ ...record, leaked: [...record.leaked, ...leaked] });
  }
}

function roundsOf(chosen: readonly Fault[]): Fault[][] {
  const together = chosen.filter(({ alone }) => alone !== true);
  const rounds = Array.from({ length: Math.ceil(together.length / ROUND) }, (_, at) => together.slice(at * ROUND, (at + 1) * ROUND));
  return [...rounds, ...chosen.filter(({ alone }) => alone === true).map((each) => [each])];
}

async function tryFault(fault: Fault): Promise<FaultRecord> {
  const space = await workspace();
  const disk = await mountDisk(fault, space);
  try {
    return await underFault(fault, disk.results, space);
  } catch (error) {
    return { fault: fault.id, exit: '', outcome: 'not tried', reason: String(error), endMs: 0, leaked: [], lost: [], wrong: [] };
  } finally {
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
  const run = watchRun(['run', file, '--results', results, '--allow-concurrent'], (await fault.environment?.(space.directory)) ?? {});
  const ended = await endedBefore(fault, run);
  if (ended !== undefined) throw new Error(`the run ended with ${ended} before its fault: ${run.stderr().slice(-300)}`);
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
  const found = judge(fault, run, exit, harmedNs);
  return { ...begun, ...found, leaked, wrong: [...found.wrong, ...(await reportOf(run, results, found))] };
}

/** Resolves when it is time for the harm: with the exit code, when there is nothing to harm any more. */
async function endedBefore(fault: Fault, run: WatchedRun): Promise<number | string | undefined> {
  await run.reached('started');
  if (fault.when === 'starting') return undefined;
  if (fault.when === 'deploying') await run.reached('deploying');
  else {
    const [, arm = fault.datapath] = /id: ([a-z-]+)/.exec(fault.datapath) ?? [];
    await run.reached(`trial-started ${arm}`, 2);
    await later(400);
  }
  return Promise.race([run.exit, later(0)]);
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
