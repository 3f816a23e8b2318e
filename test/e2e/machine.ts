/** What is on this machine, to compare before and after; and the program itself, as a user starts it. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** As ./meshtax starts it: with compiled code that is kept. */
export const AS_STARTED = { NODE_COMPILE_CACHE: `${ROOT}/.toolchain/compile-cache` };

/** Namespaces, cgroups, mounts, processes, eBPF programs, maps and links, and our state directory. */
export async function inventory(): Promise<Record<string, string[]>> {
  const bpf = async (kind: string) => {
    const { stdout } = await execa('bpftool', ['--json', kind, 'show'], { reject: false });
    const shown = JSON.parse(stdout === '' ? '[]' : stdout) as { id: number; name?: string; type?: string }[];
    return shown.map(({ id, name, type }) => `${id} ${name ?? type ?? ''}`).toSorted();
  };
  return {
    namespaces: listing('/run/netns'),
    cgroups: (await execa('find', ['/sys/fs/cgroup', '-type', 'd', '-path', '*/meshtax*'])).stdout.split('\n').filter(Boolean).toSorted(),
    mounts: readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => /meshtax|^bpf /.test(line)),
    processes: ourProcesses(),
    programs: await bpf('prog'),
    maps: await bpf('map'),
    links: await bpf('link'),
    state: listing('/run/meshtax'),
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

/** Envoys, servers, generators, dialers and event readers, by their command lines. */
function ourProcesses(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return /src\/(generators\/process|workloads\/server)\/|\/run\/meshtax\//.test(command) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
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
  const directory = await mkdtemp(path.join(tmpdir(), 'meshtax-e2e-'));
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
