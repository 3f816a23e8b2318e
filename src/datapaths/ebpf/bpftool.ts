/** bpftool: load, fill, attach and read. Attaches by tcx where this bpftool and kernel can, else by clsact. */
import { perCpuSums } from '../../model/bpftool.ts';
import type { LabSite } from '../../model/contracts/lab-site.ts';
import type { Bytes } from './encode.ts';

export type Attachment = 'tcx' | 'clsact';

/** Pins programs below `<directory>/progs` and maps below `<directory>/maps`. */
export async function loadObject(site: LabSite, object: string, directory: string): Promise<void> {
  await site.files.makeDirectory(`${directory}/maps`, { mode: 0o700 });
  await site.run([
    'bpftool',
    'prog',
    'loadall',
    `${await site.tools.bpfObjects()}/${object}.bpf.o`,
    `${directory}/progs`,
    'pinmaps',
    `${directory}/maps`,
  ]);
}

/** All updates of one map in one process. */
export async function updateMap(site: LabSite, map: string, entries: readonly (readonly [key: Bytes, value: Bytes])[]): Promise<void> {
  const hex = (bytes: Bytes) => ['hex', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(' ');
  const batch = entries.map(([key, value]) => `map update pinned ${map} key ${hex(key)} value ${hex(value)}\n`).join('');
  await site.run(['bpftool', 'batch', 'file', '-'], { input: batch });
}

export async function attachToDevice(
  site: LabSite,
  netns: string,
  device: string,
  direction: 'ingress' | 'egress',
  program: string,
): Promise<Attachment> {
  const tcx = await site.run(['bpftool', 'net', 'attach', `tcx_${direction}`, 'pinned', program, 'dev', device], { netns, mayFail: true });
  if (tcx.exitCode === 0) return 'tcx';
  await site.run(['tc', 'qdisc', 'replace', 'dev', device, 'clsact'], { netns });
  await site.run(['tc', 'filter', 'add', 'dev', device, direction, 'bpf', 'direct-action', 'object-pinned', program], { netns });
  return 'clsact';
}

/** Sockets that cannot be closed, their peer being gone, keep a removed cgroup and what is attached to it: hence the undo. */
export async function attachToCgroup(site: LabSite, cgroup: string, type: string, program: string): Promise<void> {
  const detach = ['bpftool', 'cgroup', 'detach', cgroup, type, 'pinned', program] as const;
  site.undo(`eBPF ${type} of a cgroup`, async () => void (await site.run(detach, { mayFail: true })));
  await site.run(['bpftool', 'cgroup', 'attach', cgroup, type, 'pinned', program, 'multi']);
}

/** A per-CPU array of u64, summed over CPUs. */
export async function readPerCpuArray(site: LabSite, map: string): Promise<number[]> {
  const { stdout } = await site.run(['bpftool', '--json', 'map', 'dump', 'pinned', map]);
  return perCpuSums(stdout);
}

/** Device facts inside a namespace. */
export async function deviceOf(site: LabSite, netns: string, device: string): Promise<{ ifindex: number; mac: string }> {
  const { stdout } = await site.run(['ip', '-json', '-n', netns, 'link', 'show', 'dev', device]);
  const [link] = JSON.parse(stdout) as { ifindex: number; address: string }[];
  if (!link) throw new Error(`no device ${device} in ${netns}`);
  return { ifindex: link.ifindex, mac: link.address };
}
