/** What the figures depend on, as described facts: no host name, no user, no path, no address of the machine. */
import type { System } from '../../model/ports.ts';
import type { CgroupLayout } from './cgroups.ts';
import { withoutRights } from './component.ts';
import { findEnvoy } from './envoy-binary.ts';

export type Facts = Record<string, string | number | boolean>;

export async function machineFacts(system: System, layout: CgroupLayout): Promise<Facts> {
  const { files, processes } = system;
  const text = async (path: string) => ((await files.readTextIfAny(path).catch(() => undefined)) ?? '').trim();
  const cpuinfo = await text('/proc/cpuinfo');
  return {
    cpuModel: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? system.host.architecture,
    cpuCount: system.host.cpuCount,
    hypervisor: /^flags.*\bhypervisor\b/m.test(cpuinfo),
    memoryMiB: Math.round(Number(/^MemTotal:\s+(\d+) kB/m.exec(await text('/proc/meminfo'))?.[1] ?? 0) / 1024),
    kernel: (await text('/proc/sys/kernel/osrelease')).replace(/^(\d+\.\d+(\.\d+)?).*$/, '$1'),
    governor: (await text('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')) || 'not adjustable',
    cgroups: layout.version,
    ...(await toolVersions(processes)),
    envoy: await envoyVersion(system),
    node: system.host.nodeVersion,
  };
}

export async function toolVersions(processes: System['processes']): Promise<Record<string, string>> {
  const version = async (command: [string, ...string[]]) => firstVersion((await processes.run(command, { mayFail: true })).stdout);
  return {
    bpftool: await version(['bpftool', 'version']),
    clang: await version(['clang', '--version']),
    iproute2: await version(['ip', '-V']),
    iptables: await version(['iptables', '--version']),
  };
}

/** `.../1.40.0/Clean/RELEASE/BoringSSL`: the version and how it was built. */
async function envoyVersion(system: System): Promise<string> {
  const binary = await findEnvoy(system).catch(() => undefined);
  if (binary === undefined) return 'not installed';
  const { stdout } = await system.processes.run(withoutRights(system, [binary, '--version']), { mayFail: true });
  return /\/(\d+\.\d+\.\d+\/\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

function firstVersion(output: string): string {
  return /\bv?(\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1] ?? 'unknown';
}
