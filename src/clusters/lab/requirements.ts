/** What the lab needs on the machine, and its installation where apt can do it. */
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';

interface Tool {
  readonly command: string;
  readonly debianPackage: string;
}

export const tools: readonly Tool[] = [
  { command: 'ip', debianPackage: 'iproute2' },
  { command: 'tc', debianPackage: 'iproute2' },
  { command: 'iptables-restore', debianPackage: 'iptables' },
  { command: 'nsenter', debianPackage: 'util-linux' },
  { command: 'setpriv', debianPackage: 'util-linux' },
  { command: 'sysctl', debianPackage: 'procps' },
  { command: 'openssl', debianPackage: 'openssl' },
  { command: 'bpftool', debianPackage: 'bpftool' },
  { command: 'clang', debianPackage: 'clang' },
  { command: 'llc', debianPackage: 'llvm' },
  { command: 'python3', debianPackage: 'python3' },
  { command: 'taskset', debianPackage: 'util-linux' },
];

/** Other load generators, for `meshtax calibrate` to compare with; what apt has of them. */
export const benchTools: readonly Tool[] = [
  { command: 'wrk', debianPackage: 'wrk' },
  { command: 'hey', debianPackage: 'hey' },
  { command: 'h2load', debianPackage: 'nghttp2-client' },
];

/**
 * What tests need: a browser for pages, a look at the wire between two nodes of a real cluster; for faults a table of connections
 * that can be filled.
 */
export const testTools: readonly Tool[] = [
  { command: 'chromium', debianPackage: 'chromium' },
  { command: 'tcpdump', debianPackage: 'tcpdump' },
  { command: 'conntrack', debianPackage: 'conntrack' },
];

const headers = [{ file: '/usr/include/bpf/bpf_helpers.h', debianPackage: 'libbpf-dev' }] as const;
/** Envoy comes as a Python wheel. */
const modules = [{ module: 'pip', debianPackage: 'python3-pip' }] as const;
const SEARCH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Debian packages that are missing, without touching anything. */
export async function missingPackages(system: System, wanted: readonly Tool[] = tools): Promise<string[]> {
  const missing = new Set<string>();
  for (const tool of wanted) if ((await findTool(system, tool.command)) === undefined) missing.add(tool.debianPackage);
  for (const header of headers) if (!(await system.files.exists(header.file))) missing.add(header.debianPackage);
  for (const { module, debianPackage } of modules) if (!(await hasModule(system, module))) missing.add(debianPackage);
  return [...missing].sort();
}

async function hasModule(system: System, module: string): Promise<boolean> {
  const python = await findTool(system, 'python3');
  if (python === undefined) return false;
  const { exitCode } = await system.processes.run([python, '-c', `import ${module}`], { mayFail: true });
  return exitCode === 0;
}

export async function findTool(system: System, command: string): Promise<string | undefined> {
  const path = (system.env['PATH'] ?? '').split(':').filter((entry) => entry.startsWith('/'));
  for (const directory of [...path, ...SEARCH]) if (await system.files.exists(`${directory}/${command}`)) return `${directory}/${command}`;
  return undefined;
}

/** @throws MeshtaxError MT2006 where apt is missing or fails, MT2001 where it would need root. */
export async function installPackages(system: System, packages: readonly string[], say: (line: string) => void): Promise<void> {
  const list = packages.join(' ');
  if ((await findTool(system, 'apt-get')) === undefined) {
    throw new MeshtaxError('MT2006', {
      packages: list,
      problem: 'this system has no apt-get; its own names for these packages may differ',
    });
  }
  if (system.host.uid !== 0)
    throw new MeshtaxError('MT2001', { problem: `the packages ${list} are missing`, fix: `As root: apt-get install ${list}` });
  say(`installing with apt-get: ${list}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await system.processes.run(['apt-get', 'update', '-qq'], { env, timeoutMs: 300_000 });
    await system.processes.run(['apt-get', 'install', '-qq', '-y', '--no-install-recommends', ...packages], { env, timeoutMs: 900_000 });
  } catch (error) {
    throw new MeshtaxError('MT2006', { packages: list, problem: reasonOf(error) }, { cause: error });
  }
}
