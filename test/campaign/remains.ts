/** What is left of one run on this machine, by the names that everything of it carries. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const HIERARCHIES = ['', 'cpu,cpuacct', 'cpuacct', 'cpu', 'memory', 'cpuset', 'unified'];

export function remainsOf(run: string): string[] {
  if (run === '') return [];
  const namespaces = list('/run/netns').filter((name) => name.startsWith(`mt-${run}-`));
  const cgroups = HIERARCHIES.map((each) => `/sys/fs/cgroup/${each}/meshtax/${run}`).filter((each) => existsSync(each));
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`/run/meshtax/${run}`));
  const state = list('/run/meshtax').filter((name) => name === run);
  return [...namespaces, ...cgroups, ...mounts, ...state];
}

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
