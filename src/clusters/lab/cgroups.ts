/**
 * One cgroup a component, on v1, hybrid and v2 hosts. On v1 CPU and memory live in two hierarchies; eBPF programs for
 * sockets always attach to the unified one, so every component is placed in all of them.
 */
import { MeshtaxError } from '../../model/errors.ts';
import { parseCgroupCpuNs } from '../../model/cpu-time.ts';
import type { CgroupFiles } from '../../model/contracts/deployment.ts';
import type { Files } from '../../model/ports.ts';

export interface CgroupLayout {
  readonly version: 'v1' | 'v2';
  /** Mount points by controller; all the same on v2. */
  readonly cpu: string;
  readonly memory: string;
  readonly cpuset: string | undefined;
  readonly unified: string;
}

/** @throws MeshtaxError MT2001 when a needed hierarchy is not mounted. */
export function detectLayout(procMounts: string): CgroupLayout {
  const mounts = procMounts.split('\n').map((line) => line.split(' '));
  const unified = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
  const v1 = (controller: string) =>
    mounts.find(([, , type, options]) => type === 'cgroup' && options?.split(',').includes(controller))?.[1];
  if (unified === undefined) throw lacks('no cgroup2 filesystem is mounted', 'mount -t cgroup2 none /sys/fs/cgroup/unified');
  const cpu = v1('cpuacct');
  const memory = v1('memory');
  if (cpu === undefined && memory === undefined) return { version: 'v2', cpu: unified, memory: unified, cpuset: unified, unified };
  if (cpu === undefined || memory === undefined)
    throw lacks('only one of the controllers cpuacct and memory is mounted', 'mount both, or use cgroup v2');
  return { version: 'v1', cpu, memory, cpuset: v1('cpuset'), unified };
}

function lacks(problem: string, fix: string): MeshtaxError {
  return new MeshtaxError('MT2001', { problem, fix });
}

export class Cgroups {
  readonly layout: CgroupLayout;
  readonly #files: Files;

  constructor(layout: CgroupLayout, files: Files) {
    this.layout = layout;
    this.#files = files;
  }

  #roots(): string[] {
    const { cpu, memory, cpuset, unified } = this.layout;
    return [...new Set([cpu, memory, ...(cpuset === undefined ? [] : [cpuset]), unified])];
  }

  directories(path: string): string[] {
    return this.#roots().map((root) => `${root}/${path}`);
  }

  unified(path: string): string {
    return `${this.layout.unified}/${path}`;
  }

  /** The files a process writes its id to, to join. */
  procsFiles(path: string): string[] {
    return this.directories(path).map((directory) => `${directory}/cgroup.procs`);
  }

  async create(path: string): Promise<CgroupFiles> {
    if (this.layout.version === 'v2') await this.#delegate(path);
    for (const directory of this.directories(path)) await this.#files.makeDirectory(directory, { mode: 0o755 });
    if (this.layout.version === 'v1' && this.layout.cpuset !== undefined) await this.#inheritCpuset(path);
    const cpu = `${this.layout.cpu}/${path}`;
    const memory = `${this.layout.memory}/${path}`;
    return this.layout.version === 'v2'
      ? {
          cpu: { file: `${cpu}/cpu.stat`, format: 'cpu.stat' },
          memoryUsage: `${memory}/memory.current`,
          memoryStat: `${memory}/memory.stat`,
        }
      : {
          cpu: { file: `${cpu}/cpuacct.usage`, format: 'cpuacct.usage' },
          memoryUsage: `${memory}/memory.usage_in_bytes`,
          memoryStat: `${memory}/memory.stat`,
        };
  }

  /** Confine a cgroup to some CPUs. Returns false where the host has no cpuset controller. */
  async pin(path: string, cpus: string): Promise<boolean> {
    if (this.layout.cpuset === undefined) return false;
    await this.#files.writeText(`${this.layout.cpuset}/${path}/cpuset.cpus`, cpus);
    return true;
  }

  /** Only what nobody else wants: where groups share CPUs by weight, a thread's own idle priority ends at its group. */
  async makeIdle(path: string): Promise<void> {
    const [file, value] = this.layout.version === 'v2' ? ['cpu.idle', '1'] : ['cpu.shares', '2'];
    const full = `${this.layout.cpu}/${path}/${file}`;
    if (await this.#files.exists(full)) await this.#files.writeText(full, value);
  }

  /** A v2 child has a controller only if every ancestor passes it on. */
  async #delegate(path: string): Promise<void> {
    let directory = this.layout.unified;
    for (const part of path.split('/')) {
      for (const controller of ['+cpu', '+memory', '+cpuset']) {
        await this.#files.writeText(`${directory}/cgroup.subtree_control`, controller).catch(() => {}); // missing: the doctor says so
      }
      directory = `${directory}/${part}`;
      await this.#files.makeDirectory(directory, { mode: 0o755 });
    }
  }

  /** A new v1 cpuset is empty and takes no process until it is filled. */
  async #inheritCpuset(path: string): Promise<void> {
    const root = this.layout.cpuset as string;
    let directory = root;
    for (const part of path.split('/')) {
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        const inherited = await this.#files.readText(`${directory}/${file}`);
        const child = `${directory}/${part}/${file}`;
        if ((await this.#files.readText(child)).trim() === '') await this.#files.writeText(child, inherited.trim());
      }
      directory = `${directory}/${part}`;
    }
  }

  /** Process ids in a cgroup and all below it, in every hierarchy. */
  async processes(path: string): Promise<number[]> {
    const found = new Set<number>();
    for (const directory of this.directories(path)) {
      for (const each of await this.#tree(directory)) {
        const text = await this.#files.readTextIfAny(`${each}/cgroup.procs`).catch(() => undefined);
        // 0 is one that this pid namespace cannot see; to a signal it would mean our own group.
        for (const pid of (text ?? '').split('\n').map(Number)) if (pid > 0) found.add(pid);
      }
    }
    return [...found];
  }

  /** Remove a cgroup and all below it; its processes must have ended. Returns the directories that would not go. */
  async remove(path: string): Promise<string[]> {
    const left: string[] = [];
    for (const root of this.directories(path)) {
      for (const directory of (await this.#tree(root)).toReversed()) {
        await this.#files.removeDirectory(directory).catch(() => left.push(directory));
      }
    }
    return left;
  }

  /** The common ancestor of all runs goes with the last of them. */
  async removeIfEmpty(path: string): Promise<void> {
    if ((await this.children(path)).length === 0) await this.remove(path);
  }

  /** Names directly below a cgroup, over all hierarchies. */
  async children(path: string): Promise<string[]> {
    const names = new Set<string>();
    for (const directory of this.directories(path)) {
      for (const entry of await this.#files.list(directory)) if (entry.isDirectory) names.add(entry.name);
    }
    return [...names].sort();
  }

  /**
   * CPU time of all tasks outside of `<root>/<run>`, ns since boot, by group. On v2 the root's own file is another kind of figure
   * (sampled by the tick, steal and softirq in it; kernel/cgroup/rstat.c): there they are the root's children, without the kernel's own
   * threads.
   */
  async cpuNsOutside(root: string, run: string): Promise<ReadonlyMap<string, number>> {
    const { version, cpu } = this.layout;
    const [file, format] = version === 'v2' ? (['cpu.stat', 'cpu.stat'] as const) : (['cpuacct.usage', 'cpuacct.usage'] as const);
    const usageOf = async (directory: string) => parseCgroupCpuNs(await this.#files.readText(`${directory}/${file}`), format);
    const inside = await usageOf(`${cpu}/${root}/${run}`);
    if (!(await this.#isTrueRoot())) return new Map([['', (await usageOf(cpu)) - inside]]);
    const groups = (await this.#files.list(cpu)).filter(({ isDirectory }) => isDirectory);
    const usages = groups.map(async ({ name }) => [name, (await usageOf(`${cpu}/${name}`)) - (name === root ? inside : 0)] as const);
    // One may go while they are read.
    return new Map((await Promise.allSettled(usages)).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  }

  /** False where programs run in the root itself, whose time no group has. `isProgram`: or else a thread of the kernel. */
  async holdsEverybody(isProgram: (pid: string) => Promise<boolean>): Promise<boolean> {
    if (!(await this.#isTrueRoot())) return true;
    const pids = ((await this.#files.readTextIfAny(`${this.layout.cpu}/cgroup.procs`)) ?? '').split('\n').filter(Boolean);
    return !(await Promise.all(pids.map(isProgram))).includes(true);
  }

  /** Of v2; in a container the mounted root is a cgroup like any other. */
  async #isTrueRoot(): Promise<boolean> {
    return this.layout.version === 'v2' && !(await this.#files.exists(`${this.layout.cpu}/cgroup.type`));
  }

  /** Parents first. */
  async #tree(directory: string): Promise<string[]> {
    if (!(await this.#files.exists(directory))) return [];
    const below = (await this.#files.list(directory)).filter((entry) => entry.isDirectory);
    const trees = await Promise.all(below.map((entry) => this.#tree(`${directory}/${entry.name}`)));
    return [directory, ...trees.flat()];
  }
}
