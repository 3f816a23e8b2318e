/** Removes every leftover of any run, found by its names alone, however the run died. */
import { z } from 'zod';
import type { CleanReport } from '../../model/contracts/cluster.ts';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import { jsonOrUndefined } from '../../model/json.ts';
import type { System } from '../../model/ports.ts';
import { Cgroups, detectLayout } from './cgroups.ts';
import { BPF_STATS, inTurn, isAlive, isCountedElsewhere, readLease, stateDirectory, type Lease } from './lease.ts';
import { endAll } from './end-processes.ts';
import { deleteNamespaces } from './namespaces.ts';
import { CGROUP_ROOT, runOfNetns, STATE_ROOT } from './names.ts';

interface Report {
  readonly removed: string[];
  readonly kept: string[];
  readonly failed: string[];
}

export async function cleanLab(system: System, which: { run: string | undefined; force: boolean }): Promise<CleanReport> {
  const cgroups = new Cgroups(detectLayout(await system.files.readText('/proc/mounts')), system.files);
  const report: Report = { removed: [], kept: [], failed: [] };
  const runs = (await findRuns(system, cgroups)).filter((run) => which.run === undefined || run === which.run);
  for (const run of runs) await inTurn(system, () => cleanUnlessAlive(system, cgroups, run, which.force, report));
  await inTurn(system, () => removeIfEmpty(system, cgroups));
  return report;
}

/**
 * What this very run left when it was killed, before it goes on; in turn.
 * @throws MeshtaxError MT2002 while it is alive, MT2009 when something does not go: it would be measured with the rest.
 */
export async function cleanBeforeResume(system: System, cgroups: Cgroups, run: string): Promise<void> {
  if (!(await findRuns(system, cgroups)).includes(run)) return;
  const lease = await readLease(system, run);
  if (lease && (await isAlive(system, lease))) throw new MeshtaxError('MT2002', { run, pid: lease.pid });
  const report = { removed: [], failed: [] as string[] };
  await cleanRun(system, cgroups, run, lease?.bpfStatsBefore, report);
  if (report.failed.length > 0) throw new MeshtaxError('MT2009', { run, problem: report.failed.join('; ') });
}

async function cleanUnlessAlive(system: System, cgroups: Cgroups, run: string, force: boolean, report: Report): Promise<void> {
  const lease = await readLease(system, run);
  const alive = lease && (await isAlive(system, lease)) ? lease : undefined;
  if (alive && !force) {
    report.kept.push(`run ${run}: process ${alive.pid} is alive (--force ends it)`);
    return;
  }
  // First of all: it would go on making things.
  if (alive && !(await endRun(system, alive))) report.failed.push(`run ${run}: process ${alive.pid} does not end`);
  else await cleanRun(system, cgroups, run, lease?.bpfStatsBefore, report);
}

/** Asked to, then made to; by its start time it stays the process that is meant. */
async function endRun(system: System, lease: Lease): Promise<boolean> {
  for (const [signal, patienceMs] of [
    ['TERM', 2000],
    ['KILL', 5000],
  ] as const) {
    await system.processes.run(['kill', `-${signal}`, String(lease.pid)], { mayFail: true });
    const deadline = system.clock.monotonicNs() + patienceMs * 1e6;
    while (system.clock.monotonicNs() < deadline) {
      if (!(await isAlive(system, lease))) return true;
      await system.clock.sleep(50);
    }
  }
  return false;
}

/** Every run that left a namespace, a cgroup or a state directory. */
export async function findRuns(system: System, cgroups: Cgroups): Promise<string[]> {
  const runs = new Set<string>();
  for (const entry of await system.files.list('/run/netns')) {
    const run = runOfNetns(entry.name);
    if (run !== undefined) runs.add(run);
  }
  for (const name of await cgroups.children(CGROUP_ROOT)) runs.add(name);
  for (const entry of await system.files.list(STATE_ROOT)) if (entry.isDirectory) runs.add(entry.name);
  return [...runs].sort();
}

async function cleanRun(
  system: System,
  cgroups: Cgroups,
  run: string,
  bpfStatsBefore: string | undefined,
  report: Pick<Report, 'removed' | 'failed'>,
): Promise<void> {
  const attempt = async (title: string, work: () => Promise<number>) => {
    try {
      const count = await work();
      if (count > 0) report.removed.push(`run ${run}: ${count} ${title}`);
    } catch (error) {
      report.failed.push(`run ${run}: ${title}: ${reasonOf(error)}`);
    }
  };
  await attempt('processes', () => endProcesses(system, cgroups, run));
  await attempt('network namespaces', () => deleteNamespacesOf(system, run));
  await attempt('cgroups', async () => {
    const before = (await cgroups.children(`${CGROUP_ROOT}/${run}`)).length;
    await detachPrograms(system, cgroups.unified(`${CGROUP_ROOT}/${run}`));
    const left = await cgroups.remove(`${CGROUP_ROOT}/${run}`);
    if (left.length > 0) throw new Error(`still there: ${left.join(', ')}`);
    return before;
  });
  await attempt('mounts', () => unmount(system, run));
  // The setting is the whole machine's: a run that is still measuring needs it.
  if (bpfStatsBefore === '0' && !(await isCountedElsewhere(system, run))) await system.files.writeText(BPF_STATS, '0').catch(() => {});
  await attempt('state directories', async () => {
    const there = await system.files.exists(stateDirectory(run));
    await system.files.remove(stateDirectory(run));
    return there ? 1 : 0;
  });
}

const attachedSchema = z.array(
  z.object({ cgroup: z.string(), programs: z.array(z.object({ id: z.number().int(), attach_type: z.string() })) }),
);

/** A socket whose peer is gone keeps its cgroup for minutes, and that one its programs and their maps, long after both have no name. */
async function detachPrograms(system: System, cgroup: string): Promise<void> {
  if (!(await system.files.exists(cgroup))) return;
  const { stdout } = await system.processes.run(['bpftool', '--json', 'cgroup', 'tree', cgroup], { mayFail: true });
  const attached = attachedSchema.safeParse(jsonOrUndefined(stdout));
  for (const { cgroup: place, programs } of attached.success ? attached.data : [])
    for (const { id, attach_type } of programs)
      await system.processes.run(['bpftool', 'cgroup', 'detach', place, attach_type, 'id', String(id)], { mayFail: true });
}

/** By cgroup and by namespace: between the two nothing that we started can hide. */
async function endProcesses(system: System, cgroups: Cgroups, run: string): Promise<number> {
  return endAll(system, async () => {
    const found = new Set(await cgroups.processes(`${CGROUP_ROOT}/${run}`));
    for (const name of await namespacesOf(system, run)) {
      const { stdout } = await system.processes.run(['ip', 'netns', 'pids', name], { mayFail: true });
      for (const pid of stdout.split('\n')) if (pid.trim() !== '') found.add(Number(pid));
    }
    found.delete(system.host.pid);
    return [...found];
  });
}

async function namespacesOf(system: System, run: string): Promise<string[]> {
  return (await system.files.list('/run/netns')).map((entry) => entry.name).filter((name) => runOfNetns(name) === run);
}

async function deleteNamespacesOf(system: System, run: string): Promise<number> {
  const names = await namespacesOf(system, run);
  await deleteNamespaces(system.processes, names); // a run that is being undone deletes its own meanwhile
  return names.length;
}

async function unmount(system: System, run: string): Promise<number> {
  const mounts = (await system.files.readText('/proc/mounts'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${stateDirectory(run)}/`));
  for (const point of mounts.toReversed()) await system.processes.run(['umount', '-l', point]);
  return mounts.length;
}

async function removeIfEmpty(system: System, cgroups: Cgroups): Promise<void> {
  await cgroups.removeIfEmpty(CGROUP_ROOT);
  if ((await system.files.list(STATE_ROOT)).length === 0) await system.files.removeDirectory(STATE_ROOT).catch(() => {});
}
