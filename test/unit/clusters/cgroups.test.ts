import { describe, expect, test } from 'vitest';
import { Cgroups, detectLayout } from '../../../src/clusters/lab/cgroups.ts';
import { runOfNetns, netnsName } from '../../../src/clusters/lab/names.ts';
import { planTopology } from '../../../src/clusters/lab/topology.ts';
import { MemoryFiles } from '../../fakes.ts';

const HYBRID = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpuacct cgroup rw,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0`;
const JOINT = 'cgroup /c/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\ncgroup /c/memory cgroup rw,memory 0 0\ncgroup2 /c/unified cgroup2 rw 0 0';
const V2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0';

describe('cgroup layouts', () => {
  test('hybrid: controllers on v1, sockets on the unified tree', () => {
    expect(detectLayout(HYBRID)).toEqual({
      version: 'v1',
      cpu: '/sys/fs/cgroup/cpuacct',
      memory: '/sys/fs/cgroup/memory',
      cpuset: '/sys/fs/cgroup/cpuset',
      unified: '/sys/fs/cgroup/unified',
    });
    expect(detectLayout(JOINT)).toMatchObject({ cpu: '/c/cpu,cpuacct', cpuset: undefined });
  });
  test('v2: one tree for all', () => {
    expect(detectLayout(V2)).toMatchObject({ version: 'v2', cpu: '/sys/fs/cgroup', unified: '/sys/fs/cgroup' });
  });
  test('no cgroup2 at all cannot be a lab', () => {
    expect(() => detectLayout('cgroup /c/memory cgroup rw,memory 0 0')).toThrow(/no cgroup2/);
  });

  test('CPU time of others: v1 by the root, v2 by its children, because there the root counts otherwise', async () => {
    const v2 = new MemoryFiles({
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 999999\n',
      '/sys/fs/cgroup/system.slice/cpu.stat': 'usage_usec 300\n',
      '/sys/fs/cgroup/meshtax/cpu.stat': 'usage_usec 1100\n',
      '/sys/fs/cgroup/meshtax/abc/cpu.stat': 'usage_usec 1000\n',
      '/sys/fs/cgroup/gone/cgroup.procs': '',
    });
    expect(await new Cgroups(detectLayout(V2), v2).cpuNsOutside('meshtax', 'abc')).toEqual(
      new Map([
        ['system.slice', 300_000],
        ['meshtax', 100_000],
      ]),
    );
    const v1 = new MemoryFiles({
      '/sys/fs/cgroup/cpuacct/cpuacct.usage': '5000\n',
      '/sys/fs/cgroup/cpuacct/meshtax/abc/cpuacct.usage': '2000\n',
    });
    expect(await new Cgroups(detectLayout(HYBRID), v1).cpuNsOutside('meshtax', 'abc')).toEqual(new Map([['', 3000]]));
  });

  test('on v2 nobody counts what runs in the root itself: then it is not told, not taken for nothing', async () => {
    const isProgram = async (pid: string) => pid === '700';
    const sees = (procs: string, more: Record<string, string> = {}, mounts = V2) =>
      new Cgroups(detectLayout(mounts), new MemoryFiles({ '/sys/fs/cgroup/cgroup.procs': procs, ...more })).holdsEverybody(isProgram);
    expect(await sees('2\n3\n')).toBe(true);
    expect(await sees('2\n700\n')).toBe(false);
    expect(await sees('700\n', { '/sys/fs/cgroup/cgroup.type': 'domain\n' })).toBe(true);
    expect(await sees('700\n', {}, HYBRID)).toBe(true);
  });

  test('a process of another pid namespace is nobody that could be ended: 0 would be ourselves', async () => {
    const files = new MemoryFiles({ '/sys/fs/cgroup/meshtax/abc/cgroup.procs': '0\n12\n0\n' });
    expect(await new Cgroups(detectLayout(V2), files).processes('meshtax/abc')).toEqual([12]);
  });

  test('on v2 every ancestor delegates its controllers before the child is used', async () => {
    const files = new MemoryFiles();
    const written: string[] = [];
    const original = files.writeText.bind(files);
    files.writeText = async (path, text) => {
      written.push(`${path} ${text}`);
      await original(path, text);
    };
    const cgroup = await new Cgroups(detectLayout(V2), files).create('meshtax/run/arm/server');
    expect(cgroup).toEqual({
      cpu: { file: '/sys/fs/cgroup/meshtax/run/arm/server/cpu.stat', format: 'cpu.stat' },
      memoryUsage: '/sys/fs/cgroup/meshtax/run/arm/server/memory.current',
      memoryStat: '/sys/fs/cgroup/meshtax/run/arm/server/memory.stat',
    });
    for (const ancestor of ['', '/meshtax', '/meshtax/run', '/meshtax/run/arm']) {
      expect(written).toContain(`/sys/fs/cgroup${ancestor}/cgroup.subtree_control +memory`);
    }
    expect(written).not.toContain('/sys/fs/cgroup/meshtax/run/arm/server/cgroup.subtree_control +memory');
  });

  test('a component is in every hierarchy, and is removed children first', async () => {
    const files = new MemoryFiles({ '/sys/fs/cgroup/cpuset/cpuset.cpus': '0-3\n', '/sys/fs/cgroup/cpuset/cpuset.mems': '0\n' });
    for (const part of ['meshtax', 'meshtax/run']) {
      files.content.set(`/sys/fs/cgroup/cpuset/${part}/cpuset.cpus`, '\n');
      files.content.set(`/sys/fs/cgroup/cpuset/${part}/cpuset.mems`, '\n');
    }
    const cgroups = new Cgroups(detectLayout(HYBRID), files);
    await cgroups.create('meshtax/run');
    expect(cgroups.procsFiles('meshtax/run')).toHaveLength(4);
    expect(files.content.get('/sys/fs/cgroup/cpuset/meshtax/run/cpuset.cpus')).toBe('0-3');
    const removed: string[] = [];
    files.removeDirectory = async (path) => void removed.push(path);
    files.directories.add('/sys/fs/cgroup/memory/meshtax');
    await cgroups.remove('meshtax');
    expect(removed.indexOf('/sys/fs/cgroup/memory/meshtax/run')).toBeLessThan(removed.indexOf('/sys/fs/cgroup/memory/meshtax'));
  });
});

describe('names and topology', () => {
  test('a namespace tells its run, and foreign names are left alone', () => {
    expect(runOfNetns(netnsName('k3f9x2', 12, 'node-a'))).toBe('k3f9x2');
    for (const foreign of ['mt-', 'mtx-abcd-1-client', 'k8s', 'mt-UPPER-1-a', 'cni-1234', 'mt-abcd-x-client'])
      expect(runOfNetns(foreign)).toBeUndefined();
  });
  test('two nodes with a wire, or one; all arms alike but for the names', () => {
    const cross = planTopology('abcd', 3, 'cross-node');
    expect(cross.nodes.map((node) => node.pods.map((pod) => pod.name))).toEqual([['client'], ['server']]);
    expect(cross.nodes.every((node) => node.wire)).toBe(true);
    const same = planTopology('abcd', 4, 'same-node');
    expect(same.nodes).toHaveLength(1);
    expect(same.nodes[0]?.wire).toBeUndefined();
    expect(same.client.address).toBe(cross.client.address);
  });
});
