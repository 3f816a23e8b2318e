/** What the node agent reads, and how it finds it. No effects: files come in as functions. */
import { mapBytesShown, programsShown } from '../../../model/bpftool.ts';
import { parseCgroupCpuNs } from '../../../model/cpu-time.ts';
import type { WireEnds } from './capture.ts';

export type Question =
  | {
      readonly op: 'moment';
      readonly containers: readonly string[];
      /** Containers whose bpftool may be run: a process can call itself what it likes. */
      readonly trusted: readonly string[];
      /** What costs CPU to read lies outside of the window: before its first edge, after its last. */
      readonly edge: 'first' | 'last';
    }
  | { readonly op: 'watch'; readonly ends: WireEnds }
  | { readonly op: 'watched' };

export interface NodeReading {
  /** The first line of /proc/stat. */
  readonly procStat: string;
  readonly softirqs: string;
  /** CPU time by container id, ns; null: no such cgroup. */
  readonly containersNs: Readonly<Record<string, number | null>>;
  /** Null: nothing was seen that could be asked. */
  readonly bpf: BpfReading | null;
  /** Anybody may switch it off; then counts stand still and look like programs that cost nothing. */
  readonly countsBpf: boolean;
}

export interface BpfReading {
  readonly source: 'bpftool' | 'fdinfo';
  readonly programs: number;
  readonly runTimeNs: number;
  readonly runs: number;
  readonly maps: number;
  readonly mapBytes: number;
}

interface CpuFile {
  readonly file: string;
  readonly format: 'cpuacct.usage' | 'cpu.stat';
}

const ROOTS = [
  { folder: 'cpu,cpuacct', format: 'cpuacct.usage' },
  { folder: 'cpuacct', format: 'cpuacct.usage' },
  { folder: '', format: 'cpu.stat' },
] as const;
/** kubepods / class / pod / container, with a slice of systemd's on each level. */
const DEPTH = 7;

/** A container's cgroup is the directory that carries its id: `<id>`, `cri-containerd-<id>.scope`, `crio-<id>.scope`. */
export function findCgroups(
  root: string,
  ids: readonly string[],
  list: (path: string) => readonly string[],
): ReadonlyMap<string, readonly CpuFile[]> {
  const found = new Map<string, CpuFile[]>();
  for (const { folder, format } of ROOTS) {
    const start = folder === '' ? root : `${root}/${folder}`;
    const entries = list(start);
    if (entries.length === 0 || !entries.includes(format)) continue;
    walk(start, DEPTH, list, (path, name) => {
      // CRI-O's monitor of a container has its id too.
      const id = name.includes('conmon') ? undefined : ids.find((each) => name.includes(each));
      if (id !== undefined) found.set(id, [...(found.get(id) ?? []), { file: `${path}/${format}`, format }]);
      return id === undefined;
    });
    break;
  }
  return found;
}

function walk(
  path: string,
  depth: number,
  list: (path: string) => readonly string[],
  visit: (path: string, name: string) => boolean,
): void {
  if (depth === 0) return;
  for (const name of list(path)) {
    // Files of a cgroup have a dot and a controller before it; directories are slices, scopes and ids.
    if (
      /^(cpu|cpuacct|cpuset|memory|io|pids|cgroup|tasks|notify|release|irq|misc|rdma|hugetlb|net)[._]?/.test(name) &&
      !/slice|scope/.test(name)
    )
      continue;
    const below = `${path}/${name}`;
    if (visit(below, name)) walk(below, depth - 1, list, visit);
  }
}

export function readCpuNs(files: readonly CpuFile[], read: (path: string) => string | undefined): number | null {
  for (const { file, format } of files) {
    const text = read(file);
    if (text !== undefined) return parseCgroupCpuNs(text, format);
  }
  return null;
}

/** The output of `bpftool --json prog show` and `map show`. @throws MeshtaxError MT3009. */
export function sumBpf(programsJson: string, mapsJson: string): BpfReading {
  const [programs, maps] = [programsShown(programsJson), mapBytesShown(mapsJson)];
  return {
    source: 'bpftool',
    programs: programs.length,
    runTimeNs: sum(programs.map(({ runTimeNs }) => runTimeNs)),
    runs: sum(programs.map(({ runs }) => runs)),
    maps: maps.length,
    mapBytes: sum(maps),
  };
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, each) => total + each, 0);
}

/** /proc/<pid>/fdinfo of a bpf program or map (kernel/bpf/syscall.c); each counted once by its id. */
export function parseBpfInfo(texts: Iterable<string>): BpfReading {
  const programs = new Map<string, { runTimeNs: number; runs: number }>();
  const maps = new Map<string, number>();
  const field = (text: string, name: string) => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(text)?.[1];
  for (const text of texts) {
    const program = field(text, 'prog_id');
    if (program !== undefined)
      programs.set(program, { runTimeNs: Number(field(text, 'run_time_ns') ?? 0), runs: Number(field(text, 'run_cnt') ?? 0) });
    const map = field(text, 'map_id');
    if (map !== undefined) maps.set(map, Number(field(text, 'memlock') ?? 0));
  }
  return {
    source: 'fdinfo',
    programs: programs.size,
    runTimeNs: sum([...programs.values()].map(({ runTimeNs }) => runTimeNs)),
    runs: sum([...programs.values()].map(({ runs }) => runs)),
    maps: maps.size,
    mapBytes: sum(maps.values()),
  };
}
