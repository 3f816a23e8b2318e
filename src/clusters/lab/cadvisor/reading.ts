/**
 * One container's state from its cgroup and its pod's namespace, as cAdvisor reads it: `rss` is v1's total_rss or v2's
 * anon, the working set is usage less inactive file pages (google/cadvisor, lib/container/libcontainer/handler.go).
 */
export interface WatchedContainer {
  readonly namespace: string;
  readonly pod: string;
  /** '' for the pod itself and for its sandbox. */
  readonly container: string;
  /** Of the container's cgroup, as cAdvisor's `id`. */
  readonly id: string;
  readonly image: string;
  /** '' for the pod itself. */
  readonly name: string;
  readonly cgroup: { readonly version: 'v1' | 'v2'; readonly cpu: string; readonly memory: string; readonly unified: string };
  /** The sandbox: a process inside the pod's network namespace, and the device whose traffic is the pod's. */
  readonly network?: { readonly pid: number; readonly device: string } | undefined;
  readonly startedAtMs: number;
}

export interface ContainerState {
  readonly atMs: number;
  readonly cpu: { readonly usageNs: number; readonly userNs: number; readonly systemNs: number };
  /** Only where the container has a quota. */
  readonly throttling: { readonly periods: number; readonly throttledPeriods: number; readonly throttledNs: number } | undefined;
  readonly memory: {
    readonly usage: number;
    readonly workingSet: number;
    readonly rss: number;
    readonly cache: number;
    readonly mappedFile: number;
    readonly swap: number;
  };
  readonly network: NetworkState | undefined;
  /** Total time in which some or all tasks waited, s; only where the kernel keeps it. */
  readonly pressure: { readonly resource: 'cpu' | 'memory' | 'io'; readonly waiting: number; readonly stalled: number }[];
}

export interface NetworkState {
  readonly receive: LinkCounters;
  readonly transmit: LinkCounters;
}

interface LinkCounters {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

/** The text of a file, undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

/** Undefined when its cgroup is gone. */
export function readContainer(container: WatchedContainer, read: ReadFile, nowMs: () => number): ContainerState | undefined {
  const { cgroup, network } = container;
  const atMs = nowMs();
  const cpu = cgroup.version === 'v1' ? cpuOfV1(cgroup.cpu, read) : cpuOfV2(cgroup.cpu, read);
  if (!cpu) return undefined;
  return {
    atMs,
    cpu,
    throttling: throttlingOf(read(`${cgroup.cpu}/cpu.stat`)),
    memory: cgroup.version === 'v1' ? memoryOfV1(cgroup.memory, read) : memoryOfV2(cgroup.memory, read),
    network: network && readLink(read(`/proc/${network.pid}/net/dev`), network.device),
    pressure: (['cpu', 'memory', 'io'] as const).flatMap((resource) => {
      const text = read(`${cgroup.unified}/${resource}.pressure`);
      return text === undefined ? [] : [{ resource, waiting: totalOf(text, 'some'), stalled: totalOf(text, 'full') }];
    }),
  };
}

function cpuOfV1(directory: string, read: ReadFile): ContainerState['cpu'] | undefined {
  const usage = read(`${directory}/cpuacct.usage`);
  if (usage === undefined) return undefined;
  return {
    usageNs: Number(usage),
    userNs: Number(read(`${directory}/cpuacct.usage_user`) ?? 0),
    systemNs: Number(read(`${directory}/cpuacct.usage_sys`) ?? 0),
  };
}

function cpuOfV2(directory: string, read: ReadFile): ContainerState['cpu'] | undefined {
  const text = read(`${directory}/cpu.stat`);
  if (text === undefined) return undefined;
  const stat = fields(text);
  return {
    usageNs: (stat['usage_usec'] ?? 0) * 1000,
    userNs: (stat['user_usec'] ?? 0) * 1000,
    systemNs: (stat['system_usec'] ?? 0) * 1000,
  };
}

function throttlingOf(cpuStat: string | undefined): ContainerState['throttling'] {
  const stat = fields(cpuStat ?? '');
  const periods = stat['nr_periods'] ?? 0;
  if (periods === 0) return undefined;
  return {
    periods,
    throttledPeriods: stat['nr_throttled'] ?? 0,
    throttledNs: stat['throttled_time'] ?? (stat['throttled_usec'] ?? 0) * 1000,
  };
}

function memoryOfV1(directory: string, read: ReadFile): ContainerState['memory'] {
  const usage = Number(read(`${directory}/memory.usage_in_bytes`) ?? 0);
  const stat = fields(read(`${directory}/memory.stat`) ?? '');
  return {
    usage,
    workingSet: Math.max(0, usage - (stat['total_inactive_file'] ?? 0)),
    rss: stat['total_rss'] ?? 0,
    cache: stat['total_cache'] ?? 0,
    mappedFile: stat['total_mapped_file'] ?? 0,
    swap: stat['total_swap'] ?? 0,
  };
}

function memoryOfV2(directory: string, read: ReadFile): ContainerState['memory'] {
  const usage = Number(read(`${directory}/memory.current`) ?? 0);
  const stat = fields(read(`${directory}/memory.stat`) ?? '');
  return {
    usage,
    workingSet: Math.max(0, usage - (stat['inactive_file'] ?? 0)),
    rss: stat['anon'] ?? 0,
    cache: stat['file'] ?? 0,
    mappedFile: stat['file_mapped'] ?? 0,
    swap: Number(read(`${directory}/memory.swap.current`) ?? 0),
  };
}

/** /proc/<pid>/net/dev: receive bytes packets errs drop fifo frame compressed multicast, then the same of transmit. */
export function readLink(netDev: string | undefined, device: string): NetworkState | undefined {
  const line = netDev?.split('\n').find((each) => each.trimStart().startsWith(`${device}:`));
  const numbers = line
    ?.slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  if (!numbers || numbers.length < 16) return undefined;
  const counters = (at: number): LinkCounters => ({
    bytes: numbers[at] as number,
    packets: numbers[at + 1] as number,
    errors: numbers[at + 2] as number,
    dropped: numbers[at + 3] as number,
  });
  return { receive: counters(0), transmit: counters(8) };
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234` (Documentation/accounting/psi.rst), us. */
function totalOf(pressure: string, line: 'some' | 'full'): number {
  return Number(new RegExp(`^${line} .*total=(\\d+)$`, 'm').exec(pressure)?.[1] ?? 0) / 1e6;
}

function fields(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) found[line.slice(0, space)] = Number(line.slice(space + 1));
  }
  return found;
}
