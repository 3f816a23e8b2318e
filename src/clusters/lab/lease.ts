/** Which run owns what on this machine: a directory a run under /run/meshtax, with a lease in it. */
import { MeshtaxError } from '../../model/errors.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { System } from '../../model/ports.ts';
import { STATE_ROOT } from './names.ts';

export interface Lease {
  readonly run: string;
  readonly pid: number;
  /** Start time of that process in clock ticks: a reused pid is not the same process. */
  readonly startTicks: string;
  /** Of kernel.bpf_stats_enabled; empty when the run needs it no more. */
  readonly bpfStatsBefore: string;
}

const LOCK_WAIT_MS = 30_000;
export const BPF_STATS = '/proc/sys/kernel/bpf_stats_enabled';

/**
 * Taking a lease and removing what a dead one left are done one at a time: whoever looks sees a run whole, or not at all.
 * @throws MeshtaxError MT2008 when it is not this process's turn for 30 s.
 */
export async function inTurn<T>({ locks, clock }: System, work: () => Promise<T>): Promise<T> {
  const deadline = clock.monotonicNs() + LOCK_WAIT_MS * 1e6;
  for (;;) {
    const release = await locks.take('lab');
    if (release) return work().finally(release);
    if (clock.monotonicNs() > deadline) throw new MeshtaxError('MT2008', { seconds: LOCK_WAIT_MS / 1000 });
    await clock.sleep(50);
  }
}

export function stateDirectory(run: string): string {
  return `${STATE_ROOT}/${run}`;
}

/** Both levels can be passed through, not listed: proxies run under a uid of their own and have their sockets below. */
export async function makeStateDirectory({ files }: System, run: string): Promise<void> {
  await files.makeDirectory(STATE_ROOT, { mode: 0o711 });
  await files.makeDirectory(stateDirectory(run), { mode: 0o711 });
}

/** In turn. @throws MeshtaxError MT2002 when another run is alive and `allowConcurrent` is false. */
export async function takeLease(
  system: System,
  run: string,
  allowConcurrent: boolean,
  undo: PushUndo,
): Promise<Lease & { readonly alone: boolean }> {
  const { files } = system;
  undo('the state directory', () => files.remove(stateDirectory(run)));
  await makeStateDirectory(system, run);
  const lease: Lease = {
    run,
    pid: system.host.pid,
    startTicks: (await startTicksOf(system, system.host.pid)) ?? '',
    bpfStatsBefore: await bpfStatsBefore(system),
  };
  await writeLease(system, lease);
  // What this very process holds is no other run.
  const other = (await liveLeases(system, run)).find(({ pid }) => pid !== lease.pid);
  if (other && !allowConcurrent) throw new MeshtaxError('MT2002', { run: other.run, pid: other.pid });
  return { ...lease, alone: !other };
}

/** For what is no run and would be left like one. The name is the undo's and `clean`'s alone. */
export async function makeScratch(system: System, undo: PushUndo): Promise<string> {
  const run = system.randomId(6);
  const { pid } = system.host;
  undo('the scratch folder', () => system.files.remove(stateDirectory(run)));
  await inTurn(system, async () => {
    await makeStateDirectory(system, run);
    await writeLease(system, { run, pid, startTicks: (await startTicksOf(system, pid)) ?? '', bpfStatsBefore: '' });
  });
  return stateDirectory(run);
}

/** What it was before the first of all runs that are there, alive or dead, changed it. */
async function bpfStatsBefore(system: System): Promise<string> {
  const leases = await Promise.all((await system.files.list(STATE_ROOT)).map(({ name }) => readLease(system, name)));
  if (leases.some((lease) => lease?.bpfStatsBefore === '0')) return '0';
  return ((await system.files.readTextIfAny(BPF_STATS)) ?? '').trim();
}

function writeLease({ files }: System, lease: Lease): Promise<void> {
  return files.writeText(`${stateDirectory(lease.run)}/lease.json`, JSON.stringify(lease));
}

/**
 * In turn. The setting is the whole machine's, and others may still need it: the last of them gives it back, also where several end
 * at once.
 */
export async function stopCountingBpf(system: System, lease: Lease): Promise<void> {
  await writeLease(system, { ...lease, bpfStatsBefore: '' });
  if (!(await isCountedElsewhere(system, lease.run))) await system.files.writeText(BPF_STATS, lease.bpfStatsBefore);
}

export async function isCountedElsewhere(system: System, run: string): Promise<boolean> {
  return (await liveLeases(system, run)).some(({ bpfStatsBefore: before }) => before === '0');
}

/** Of all other runs on this machine whose process is alive. */
export async function liveLeases(system: System, except?: string): Promise<Lease[]> {
  const live: Lease[] = [];
  for (const entry of await system.files.list(STATE_ROOT)) {
    const lease = entry.name === except ? undefined : await readLease(system, entry.name);
    if (lease && (await isAlive(system, lease))) live.push(lease);
  }
  return live;
}

export async function readLease(system: System, run: string): Promise<Lease | undefined> {
  return parseLease(await system.files.readTextIfAny(`${stateDirectory(run)}/lease.json`));
}

export async function isAlive(system: System, lease: Lease): Promise<boolean> {
  return lease.startTicks !== '' && (await startTicksOf(system, lease.pid)) === lease.startTicks;
}

/** Others mean a group, or everything, to whom signals are sent. */
function isProcessId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function parseLease(text: string | undefined): Lease | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Lease, unknown>>;
    const { run, pid, startTicks, bpfStatsBefore = '' } = value;
    const isLease = typeof run === 'string' && isProcessId(pid) && typeof startTicks === 'string' && typeof bpfStatsBefore === 'string';
    return isLease ? { run, pid, startTicks, bpfStatsBefore } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Field 22 of /proc/PID/stat; the command name before it may hold spaces and parentheses. A process that only waits to be reaped is
 * over.
 */
async function startTicksOf(system: System, pid: number): Promise<string | undefined> {
  const stat = await system.files.readTextIfAny(`/proc/${pid}/stat`).catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return ['Z', 'X'].includes(fields[0] ?? '') ? undefined : fields[19];
}
