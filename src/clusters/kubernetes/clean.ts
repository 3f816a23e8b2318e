/** Removes what runs of ours left on a context, found by its labels alone; nothing that they did not make. */
import type { CleanReport, CleanRequest } from '../../model/contracts/cluster.ts';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';
import { removeInstalled } from './install.ts';
import { Kubectl } from './kubectl.ts';
import { aliveness, byRun, namespacesOf, type Namespace } from './lease.ts';
import { runtimeDirectory, visit } from './visit.ts';

const POLL_MS = 1000;

export async function cleanKubernetes(system: System, which: CleanRequest): Promise<CleanReport> {
  if (which.place === undefined) {
    const available = (await Kubectl.contexts(system, undefined)).join(', ');
    throw new MeshtaxError('MT1005', {
      subject: '--cluster kubernetes',
      problem: `it names no context; there are ${available}`,
      command: 'clean',
    });
  }
  return visit(system, which.place, (kubectl) => clean(system, kubectl, which));
}

async function clean(system: System, kubectl: Kubectl, which: CleanRequest): Promise<CleanReport> {
  const report = { removed: [] as string[], kept: [] as string[], failed: [] as string[] };
  for (const [run, namespaces] of byRun(await namespacesOf(kubectl))) {
    if (which.run !== undefined && run !== which.run) continue;
    const alive = which.force ? undefined : await aliveness(system, namespaces);
    if (alive !== undefined) {
      report.kept.push(`run ${run}: ${alive} (--force ends it)`);
      continue;
    }
    try {
      for (const line of await removeInstalled(system, kubectl, run)) report.removed.push(`run ${run}: ${line}`);
    } catch (error) {
      // The run's namespace has the inventory: without it nobody could remove the rest any more.
      report.failed.push(`run ${run}: ${reasonOf(error)}`);
      continue;
    }
    await system.files.remove(runtimeDirectory(system, run));
    await removeNamespaces(system, kubectl, which.waitMs, run, namespaces, report);
  }
  return report;
}

async function removeNamespaces(
  system: System,
  kubectl: Kubectl,
  waitMs: number,
  run: string,
  namespaces: readonly Namespace[],
  report: { removed: string[]; failed: string[] },
): Promise<void> {
  const names = namespaces.map(({ metadata }) => metadata.name);
  const asked = await kubectl.deleteNamespaces(names, { mayFail: true });
  if (asked.exitCode !== 0) {
    report.failed.push(`run ${run}: ${asked.stderr.trim().split('\n')[0] ?? ''}`);
    return;
  }
  const deadlineNs = system.clock.monotonicNs() + waitMs * 1e6;
  for (;;) {
    const left = (await namespacesOf(kubectl)).filter(({ metadata }) => names.includes(metadata.name));
    if (left.length > 0 && system.clock.monotonicNs() < deadlineNs) {
      await system.clock.sleep(POLL_MS);
      continue;
    }
    const stuck = new Set(left.map(({ metadata }) => metadata.name));
    report.removed.push(...names.filter((name) => !stuck.has(name)).map((name) => `run ${run}: namespace ${name}`));
    report.failed.push(...left.map((namespace) => `run ${run}: namespace ${namespace.metadata.name}: ${whyStuck(namespace, waitMs)}`));
    return;
  }
}

/** Namespaces end when the last finalizer in them has. */
function whyStuck({ status }: Namespace, waitMs: number): string {
  const told = status?.conditions
    ?.filter(({ status: yes, message }) => yes === 'True' && message !== undefined)
    .map(({ message }) => message);
  return `still Terminating after ${waitMs / 1000} s${told && told.length > 0 ? `: ${told.join('; ')}` : ''}`;
}
