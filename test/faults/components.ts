/** Processes of the run that die, stop, starve or run out of something. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import type { Fault } from './fault.ts';
import { once } from './fault.ts';
import { OTHER, type Scene } from './scene.ts';

const ENVOY = 'envoy-sidecar';

/** By name, as the lab's cgroups have it, and whose absence a window may survive. */
const PARTS: readonly { readonly role: string; readonly arm?: number; readonly collector?: string; readonly allowed: Fault['allowed'] }[] =
  [
    { role: 'client-proxy', arm: OTHER, allowed: ['ended', 'invalid'] },
    { role: 'server-proxy', arm: OTHER, allowed: ['ended', 'invalid'] },
    { role: 'server-app', arm: OTHER, allowed: ['ended', 'invalid'] },
    { role: 'generator-0', allowed: ['ended', 'invalid'] },
    { role: 'stall-meter', allowed: ['ended', 'invalid', 'reported'] },
    { role: 'cadvisor', collector: 'cadvisor', allowed: ['ended', 'invalid', 'reported', 'unharmed'] },
  ];

const killed = PARTS.map(({ role, arm, allowed, collector }): Fault => ({
  id: `${role} is killed`,
  datapath: ENVOY,
  collector,
  when: 'measuring',
  harm: once((scene) => scene.signal('SIGKILL', role, arm)),
  allowed,
}));

const hanging = PARTS.map(({ role, arm, allowed, collector }): Fault => ({
  id: `${role} hangs`,
  datapath: ENVOY,
  collector,
  when: 'measuring',
  harm: once((scene) => scene.signal('SIGSTOP', role, arm)),
  allowed,
}));

/** The lowest limit that the kernel takes: what the component asks for next is too much. */
async function starveOfMemory(scene: Scene, role: string): Promise<void> {
  const pids = await scene.pids(role, OTHER);
  for (const cgroup of scene.cgroups(role, OTHER)) {
    const [v1, v2] = [`${cgroup}/memory.limit_in_bytes`, `${cgroup}/memory.max`];
    if (existsSync(v2)) writeFileSync(v2, '4194304');
    if (!existsSync(v1)) continue;
    const used = Number(readFileSync(`${cgroup}/memory.usage_in_bytes`, 'utf8'));
    for (let share = 0.05; share <= 1; share += 0.05) {
      try {
        writeFileSync(v1, String(Math.round(used * share)));
        break;
      } catch {
        // so much of it is in use and cannot be taken away
      }
    }
  }
  for (const pid of pids) await limit(pid, '--as=67108864');
}

/** Where the machine keeps CPU limits: its own cgroup, or one that is made for it in the hierarchy that the lab leaves alone. */
async function starveOfCpu(scene: Scene, role: string): Promise<() => Promise<void>> {
  const pids = await scene.pids(role);
  const own = scene.cgroups(role).find((cgroup) => existsSync(`${cgroup}/cpu.max`) || existsSync(`${cgroup}/cpu.cfs_quota_us`));
  const made = `/sys/fs/cgroup/cpu/starved-${scene.id}`;
  if (own === undefined) mkdirSync(made);
  const cgroup = own ?? made;
  if (existsSync(`${cgroup}/cpu.max`)) writeFileSync(`${cgroup}/cpu.max`, '1000 100000');
  else writeFileSync(`${cgroup}/cpu.cfs_quota_us`, '1000');
  if (own === undefined) for (const pid of pids) writeFileSync(`${made}/cgroup.procs`, String(pid));
  return async () => {
    if (own === undefined) rmdirSync(made);
  };
}

/** As whom it runs: root may be without the right to limit others. */
async function limit(pid: number, what: string): Promise<void> {
  const id = (kind: 'Uid' | 'Gid') => new RegExp(`^${kind}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  // For a moment it is what drops its rights.
  for (let attempt = 0; attempt < 100 && id('Uid') === '0'; attempt++) await new Promise((resolve) => setTimeout(resolve, 10));
  await execa('setpriv', [`--reuid=${id('Uid')}`, `--regid=${id('Gid')}`, '--clear-groups', '--', 'prlimit', `--pid=${pid}`, what]);
}

const starved: Fault[] = [
  {
    id: 'the generator has 1 % of a CPU',
    datapath: ENVOY,
    when: 'measuring',
    harm: (scene) => starveOfCpu(scene, 'generator-0'),
    allowed: ['ended', 'invalid'],
  },
  ...(['client-proxy', 'server-app'] as const).map((role): Fault => ({
    id: `${role} runs out of memory`,
    datapath: ENVOY,
    when: 'measuring',
    harm: once((scene) => starveOfMemory(scene, role)),
    allowed: ['ended', 'invalid', 'reported', 'unharmed'],
  })),
  ...(['client-proxy', 'server-app'] as const).map((role): Fault => ({
    id: `${role} has no file descriptor left`,
    datapath: ENVOY,
    when: 'deploying',
    harm: once(async (scene) => {
      for (const pid of await scene.pids(role, OTHER)) await limit(pid, '--nofile=8:8');
    }),
    allowed: ['ended', 'invalid'],
  })),
  {
    id: 'the generator has no file descriptor left',
    datapath: ENVOY,
    when: 'deploying',
    harm: once(async (scene) => {
      for (const pid of await scene.pids('generator-0')) await limit(pid, '--nofile=24:24');
    }),
    allowed: ['ended', 'invalid'],
  },
];

const young = ['client-proxy', 'server-app'].map((role): Fault => ({
  id: `${role} is killed as soon as it is there`,
  datapath: ENVOY,
  when: 'deploying',
  harm: once((scene) => scene.signal('SIGKILL', role, OTHER)),
  allowed: ['ended', 'invalid'],
}));

export const componentFaults: readonly Fault[] = [...killed, ...hanging, ...starved, ...young];
