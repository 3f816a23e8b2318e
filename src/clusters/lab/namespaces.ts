/** Network namespaces are removed by name; one that is gone already is as good. */
import type { Processes } from '../../model/ports.ts';

/** @throws Error when it is still there. */
export async function deleteNamespace(processes: Processes, name: string): Promise<void> {
  const { exitCode, stderr } = await processes.run(['ip', 'netns', 'del', name], { mayFail: true });
  if (exitCode !== 0 && !stderr.includes('No such file')) throw new Error(`${name}: ${stderr.trim() || `ip ended with ${exitCode}`}`);
}

/** All of them are tried. @throws Error that names those which are still there. */
export async function deleteNamespaces(processes: Processes, names: readonly string[]): Promise<void> {
  const failures: string[] = [];
  for (const name of names) await deleteNamespace(processes, name).catch((error: unknown) => failures.push(String(error)));
  if (failures.length > 0) throw new Error(failures.join('; '));
}
