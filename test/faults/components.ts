/** Processes of the run that die, stop, starve or run out of something. */
import { writeFileSync } from 'node:fs';
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

/** A limit below what it uses: the kernel ends it. */
async function starveOfMemory(scene: Scene, role: string): Promise<void> {
  const pids = await scene.pids(role, OTHER);
  for (const cgroup of scene.cgroups(role, OTHER)) {
    for (const [file, bytes] of [
      ['memory.limit_in_bytes', 4_194_304],
      ['memory.max', 4_194_304],
    ] as const) {
      try {
        writeFileSync(`${cgroup}/${file}`, String(bytes));
      } catch {
        // the other version of cgroups, or what is in use cannot be reclaimed below the limit: the next page it asks for is one too many
      }
    }
  }
  await grow(pids);
}

/** Where the limit could not be set at once, it is touched by new memory: many connections. */
async function grow(pids: readonly number[]): Promise<void> {
  for (const pid of pids) await execa('prlimit', [`--pid=${pid}`, '--as=67108864'], { reject: false });
}

const starved: Fault[] = [
  {
    id: 'the generator has 5 % of a CPU',
    datapath: ENVOY,
    when: 'measuring',
    harm: once(async (scene) => {
      for (const cgroup of scene.cgroups('generator-0')) {
        try {
          writeFileSync(`${cgroup}/cpu.cfs_period_us`, '100000');
          writeFileSync(`${cgroup}/cpu.cfs_quota_us`, '5000');
        } catch {
          // not the CPU hierarchy
        }
      }
    }),
    allowed: ['ended', 'invalid'],
  },
  ...(['client-proxy', 'server-app'] as const).map((role): Fault => ({
    id: `${role} runs out of memory`,
    datapath: ENVOY,
    when: 'measuring',
    harm: once((scene) => starveOfMemory(scene, role)),
    allowed: ['ended', 'invalid', 'unharmed'],
  })),
  ...(['client-proxy', 'server-app'] as const).map((role): Fault => ({
    id: `${role} has no file descriptor left`,
    datapath: ENVOY,
    when: 'deploying',
    harm: once(async (scene) => {
      for (const pid of await scene.pids(role, OTHER)) await execa('prlimit', [`--pid=${pid}`, '--nofile=8:8']);
    }),
    allowed: ['ended', 'invalid'],
  })),
  {
    id: 'the generator has no file descriptor left',
    datapath: ENVOY,
    when: 'deploying',
    harm: once(async (scene) => {
      for (const pid of await scene.pids('generator-0')) await execa('prlimit', [`--pid=${pid}`, '--nofile=24:24']);
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
