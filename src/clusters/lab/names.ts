/** Names of everything the lab creates on the machine. `meshtax clean` finds leftovers by these alone. */

/** `mt-<run>-<arm number>-<what>`: namespaces of one run. The run part has no dash. */
export function netnsName(run: string, arm: number, what: string): string {
  return `mt-${run}-${arm}-${what}`;
}

export function runOfNetns(name: string): string | undefined {
  return /^mt-([a-z0-9]{4,12})-\d+-[a-z-]+$/.exec(name)?.[1];
}

/** Below every cgroup hierarchy: meshtax/<run>/<arm>/<role>. */
export const CGROUP_ROOT = 'meshtax';

/** Sockets, configurations and the bpf filesystem of live runs: /run/meshtax/<run>/. */
export const STATE_ROOT = '/run/meshtax';
