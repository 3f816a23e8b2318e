/** A run that is going on, and where its parts are: what a fault needs to do its harm from outside. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import type { WatchedRun } from '../campaign/watched-run.ts';

/** The other datapath, of a run with one deployment: the harness is 0, the baseline 1. */
export const OTHER = 2;

export class Scene {
  readonly run: WatchedRun;
  readonly id: string;
  readonly scratch: string;

  constructor(run: WatchedRun, scratch: string) {
    this.run = run;
    this.id = run.directory().slice(run.directory().lastIndexOf('-') + 1);
    this.scratch = scratch;
  }

  netns(arm: number, pod: 'client' | 'server' | 'node-a' | 'node-b'): string {
    return `mt-${this.id}-${arm}-${pod}`;
  }

  /** In every hierarchy; the first is as good as any for looking. */
  cgroups(role: string, arm?: number): string[] {
    const below = arm === undefined ? this.id : `${this.id}/${arm}`;
    const roots = ['cpu,cpuacct', 'cpuacct', 'cpu', 'memory', 'cpuset', 'unified', ''].map(
      (each) => `/sys/fs/cgroup/${each}/meshtax/${below}`,
    );
    return roots.flatMap((root) =>
      existsSync(root)
        ? (readdirSync(root, { recursive: true }) as string[])
            .filter((name) => name.split('/').at(-1) === role)
            .map((name) => `${root}/${name}`)
        : [],
    );
  }

  /** Of a component; waits until it is there. */
  async pids(role: string, arm?: number): Promise<number[]> {
    for (let attempt = 0; attempt < 1200; attempt++) {
      const found = this.cgroups(role, arm).flatMap((cgroup) => readFileSync(`${cgroup}/cgroup.procs`, 'utf8').split('\n'));
      const pids = [...new Set(found.filter(Boolean).map(Number))];
      if (pids.length > 0) return pids;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`${role} has no process`);
  }

  async signal(name: NodeJS.Signals, role: string, arm?: number): Promise<void> {
    for (const pid of await this.pids(role, arm)) process.kill(pid, name);
  }

  async inside(netns: string, ...command: string[]): Promise<string> {
    return (await execa('nsenter', [`--net=/run/netns/${netns}`, '--', ...command])).stdout;
  }
}
