/** Which run owns what on this machine: a directory a run under /run/meshtax, and one lock for the act of measuring. */
import { MeshtaxError } from '../../model/errors.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { System } from '../../model/ports.ts';
import { STATE_ROOT } from './names.ts';

export interface Lease {
  readonly run: string;
  readonly pid: number;
  /** Start time of that process in clock ticks: a reused pid is not the same process. */
  readonly startTicks: string;
  readonly bpfStatsBefore: string;
}

const LOCK = `${STATE_ROOT}/measuring.lock`;

export function stateDirectory(run: string): string {
  return `${STATE_ROOT}/${run}`;
}

/** @throws MeshtaxError MT2002 when another live run is measuring and `allowConcurrent` is false. */
export async function takeLease(system: System, run: string, allowConcurrent: boolean, undo: PushUndo): Promise<Lease | 'shared'> {
  const { files } = system;
  await files.makeDirectory(STATE_ROOT, { mode: 0o711 });
  const lease: Lease = {
    run,
    pid: system.host.pid,
    startTicks: (await startTicksOf(system, system.host.pid)) ?? '',
    bpfStatsBefore: ((await files.readTextIfAny('/proc/sys/kernel/bpf_stats_enabled')) ?? '').trim(),
  };
  undo('the state directory', () => files.remove(stateDirectory(run)));
  await files.makeDirectory(stateDirectory(run), { mode: 0o711 });
  await files.writeText(`${stateDirectory(run)}/lease.json`, JSON.stringify(lease));
  const holder = await lockHolder(system);
  if (holder) {
    if (allowConcurrent) return 'shared';
    throw new MeshtaxError('MT2002', { run: holder.run, pid: holder.pid });
  }
  await files.remove(LOCK); // a dead run's
  undo('the measuring lock', async () => {
    if (parseLease(await files.readTextIfAny(LOCK))?.run === run) await files.remove(LOCK);
  });
  try {
    await files.writeText(LOCK, JSON.stringify(lease), { exclusive: true });
  } catch (error) {
    const winner = await lockHolder(system);
    if (winner) throw new MeshtaxError('MT2002', { run: winner.run, pid: winner.pid });
    throw error;
  }
  return lease;
}

async function lockHolder(system: System): Promise<Lease | undefined> {
  const lease = parseLease(await system.files.readTextIfAny(LOCK));
  return lease && (await isAlive(system, lease)) ? lease : undefined;
}

export async function readLease(system: System, run: string): Promise<Lease | undefined> {
  return parseLease(await system.files.readTextIfAny(`${stateDirectory(run)}/lease.json`));
}

export async function isAlive(system: System, lease: Lease): Promise<boolean> {
  return lease.startTicks !== '' && (await startTicksOf(system, lease.pid)) === lease.startTicks;
}

/** Remove the lock if nobody alive holds it. */
export async function dropDeadLock(system: System): Promise<boolean> {
  if (!(await system.files.exists(LOCK)) || (await lockHolder(system))) return false;
  await system.files.remove(LOCK);
  return true;
}

function parseLease(text: string | undefined): Lease | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Lease>;
    return typeof value.run === 'string' && typeof value.pid === 'number' && typeof value.startTicks === 'string'
      ? { run: value.run, pid: value.pid, startTicks: value.startTicks, bpfStatsBefore: value.bpfStatsBefore ?? '' }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat; the command name before it may hold spaces and parentheses. */
async function startTicksOf(system: System, pid: number): Promise<string | undefined> {
  const stat = await system.files.readTextIfAny(`/proc/${pid}/stat`).catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
