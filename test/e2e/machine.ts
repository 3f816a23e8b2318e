/** What is on this machine, to compare before and after; and the program itself, as a user starts it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** Folders of tests, each removed by its own. */
const WORKSPACE = 'meshtax-e2e-';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** As ./meshtax starts it: with compiled code that is kept. */
export const AS_STARTED = { NODE_COMPILE_CACHE: `${ROOT}/.toolchain/compile-cache` };

/** Namespaces, cgroups, mounts, processes, wires, eBPF programs, maps and links, temporary files, and our state directory. */
export async function inventory(): Promise<Record<string, string[]>> {
  const show = async (...command: readonly [string, ...string[]]) => {
    const [program, ...args] = command;
    return (await execa(program, args, { reject: false })).stdout;
  };
  const bpf = async (kind: string) => {
    const stdout = await show('bpftool', '--json', kind, 'show');
    const shown = JSON.parse(stdout === '' ? '[]' : stdout) as { id: number; name?: string; type?: string }[] | { error: string };
    if (!Array.isArray(shown)) throw new Error(`bpftool ${kind} show: ${shown.error}`);
    return shown.map(({ id, name, type }) => `${id} ${name ?? type ?? ''}`).toSorted();
  };
  // What vanishes while it is looked for is no failure.
  const cgroups = await show('find', '/sys/fs/cgroup', '-type', 'd', '(', '-path', '*/meshtax*', '-o', '-name', 'starved-*', ')');
  const wires = JSON.parse((await show('ip', '-json', 'link')) || '[]') as { ifname: string }[];
  return {
    namespaces: listing('/run/netns'),
    cgroups: cgroups.split('\n').filter(Boolean).toSorted(),
    mounts: readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => /meshtax|^bpf /.test(line)),
    processes: ourProcesses(),
    wires: wires.map(({ ifname }) => ifname).toSorted(),
    programs: await bpf('prog'),
    maps: await bpf('map'),
    links: await bpf('link'),
    state: listing('/run/meshtax'),
    temporary: listing(tmpdir()).filter((name) => name.startsWith('meshtax-') && !name.startsWith(WORKSPACE)),
    statistics: [readFileSync('/proc/sys/kernel/bpf_stats_enabled', 'utf8').trim()],
  };
}

/** What is new since then and stays: the kernel frees some things a little later. */
export async function leftSince(before: Record<string, string[]>): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const left = Object.entries(await inventory()).flatMap(([kind, names]) =>
      names.filter((name) => !(before[kind] ?? []).includes(name)).map((name) => `${kind}: ${name}`),
    );
    if (left.length === 0 || attempt === 50) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Whatever runs in a network of its own, named or not, or in a cgroup of ours; and what stands outside of both for a moment: servers,
 * generators, meters and readers, by their command lines.
 */
function ourProcesses(): string[] {
  const host = linkOf('/proc/self/ns/net');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        if (command === '') return []; // a thread of the kernel, or one that ended
        const isElsewhere = linkOf(`/proc/${pid}/ns/net`) !== host;
        const isOurs = readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes('/meshtax/');
        const isNamed = /src\/(generators\/process|workloads\/server)\/|\/run\/meshtax\/|stall-meter|idle-soaker/.test(command);
        return isElsewhere || isOurs || isNamed ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function listing(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}

export function meshtax(args: readonly string[], options: { env?: Record<string, string>; cwd?: string; timeoutMs?: number } = {}) {
  return execa(process.execPath, ['--no-warnings', `${ROOT}/src/main.ts`, ...args], {
    reject: false,
    cwd: options.cwd ?? ROOT,
    timeout: options.timeoutMs ?? 200_000,
    env: { ...AS_STARTED, ...options.env },
  });
}

/**
 * A busy host may make a trial late; then it is invalid, and exit code 4 says so. Tests of what happened must not fail
 * for that, so they look at everything but these findings.
 */
export const TIMING_CODES = ['MT0301', 'MT0303', 'MT0304', 'MT0308', 'MT0311', 'MT0312', 'MT0313'];

export interface Workspace {
  readonly directory: string;
  readonly results: string;
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function workspace(): Promise<Workspace> {
  const directory = await mkdtemp(path.join(tmpdir(), WORKSPACE));
  return {
    directory,
    results: `${directory}/results`,
    async write(name, text) {
      await writeFile(`${directory}/${name}`, text);
      return `${directory}/${name}`;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export const SHORT = `name: short
datapaths:
  - direct
  - { id: iptables-service, services: 50 }
  - envoy-sidecar
  - ebpf-lab
workloads: [http-echo, grpc-unary]
loads: [{ loop: open, rate: 400/s, duration: 600ms, warmup: 100ms, connections: 4 }]
statistics: { blocks: 2, stop: fixed, design: block, cpu: false, blocksPerDeployment: 1 }
`;

/** A quarter of that, for what only needs a run that is going on. */
export const TINY = `name: tiny
datapaths: [direct, envoy-sidecar]
workloads: [http-echo]
loads: [{ loop: open, rate: 400/s, duration: 600ms, warmup: 100ms, connections: 4 }]
statistics: { blocks: 4, stop: fixed, design: block, cpu: false, blocksPerDeployment: 2 }
`;
