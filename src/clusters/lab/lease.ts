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
  readonly bpfStatsBefore: string;
}

export function stateDirectory(run: string): string {
  return `${STATE_ROOT}/${run}`;
}

/** Both levels can be passed through, not listed: proxies run under a uid of their own and have their sockets below. */
export async function makeStateDirectory({ files }: System, run: string): Promise<void> {
  await files.makeDirectory(STATE_ROOT, { mode: 0o711 });
  await files.makeDirectory(stateDirectory(run), { mode: 0o711 });
}

/**
 * A run writes its own lease first and looks for others then, so that of two that start together at least one sees the
 * other. @throws MeshtaxError MT2002 when another run is alive and `allowConcurrent` is false, or when this very run is.
 */
export async function takeLease(system: System, run: string, allowConcurrent: boolean, undo: PushUndo): Promise<'alone' | 'shared'> {
  const { files } = system;
  const same = await readLease(system, run);
  if (same && (await isAlive(system, same))) throw new MeshtaxError('MT2002', { run, pid: same.pid });
  undo('the state directory', () => files.remove(stateDirectory(run)));
  await makeStateDirectory(system, run);
  const lease: Lease = {
    run,
    pid: system.host.pid,
    startTicks: (await startTicksOf(system, system.host.pid)) ?? '',
    bpfStatsBefore: ((await files.readTextIfAny('/proc/sys/kernel/bpf_stats_enabled')) ?? '').trim(),
  };
  await files.writeText(`${stateDirectory(run)}/lease.json`, JSON.stringify(lease));
  const [other] = await liveLeases(system, run);
  if (!other) return 'alone';
  if (!allowConcurrent) throw new MeshtaxError('MT2002', { run: other.run, pid: other.pid });
  return 'shared';
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
