/** Processes of the run that die, stop, starve or run out of something. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { later } from '../campaign/watched-run.ts';
import type { Fault } from './fault.ts';
import { once } from './fault.ts';
import { OTHER, type Scene } from './scene.ts';

const ENVOY = 'envoy-sidecar';

/** By name, as the lab's cgroups have it, and whose absence a window may survive. */
interface Part {
  readonly role: string;
  readonly arm?: number;
  readonly collector?: string;
  readonly allowed: Fault['allowed'];
  /** When it is killed, and when it hangs. */
  readonly tells: readonly [killed: readonly string[], hanging: readonly string[]];
}
const PARTS: readonly Part[] = [
  { role: 'client-proxy', arm: OTHER, allowed: ['ended', 'invalid'], tells: [['MT3006'], ['MT3012', 'MT3013', 'MT0302']] },
  { role: 'server-proxy', arm: OTHER, allowed: ['ended', 'invalid'], tells: [['MT3006'], ['MT3012', 'MT3013', 'MT0302']] },
  { role: 'server-app', arm: OTHER, allowed: ['ended', 'invalid'], tells: [['MT3006'], ['MT3013', 'MT0302']] },
  { role: 'generator-0', allowed: ['ended'], tells: [['MT3008'], ['MT3008']] },
  { role: 'stall-meter', allowed: ['ended'], tells: [['MT3009'], ['MT3009', 'MT3012']] },
  { role: 'cadvisor', collector: 'cadvisor', allowed: ['reported'], tells: [['MT0310'], ['MT0310']] },
];

const killed = PARTS.map(({ role, arm, allowed, collector, tells }): Fault => ({
  id: `${role} is killed`,
  datapath: ENVOY,
  collector,
  when: 'measuring',
  harm: once((scene) => scene.signal('SIGKILL', role, arm)),
  allowed,
  tells: tells[0],
  ...(tells[0][0] === 'MT3006' ? { names: role } : {}),
}));

const hanging = PARTS.map(({ role, arm, allowed, collector, tells }): Fault => ({
  id: `${role} hangs`,
  datapath: ENVOY,
  collector,
  when: 'measuring',
  harm: once((scene) => scene.signal('SIGSTOP', role, arm)),
  mute: role.replace('-0', ''),
  allowed,
  tells: tells[1],
}));

/** It may have a mebibyte more than it has; then it is asked for what needs some twenty. */
async function starveOfMemory(scene: Scene, role: string): Promise<void> {
  await scene.pids(role, OTHER);
  for (const cgroup of scene.cgroups(role, OTHER)) {
    const [limitV1, usageV1] = [`${cgroup}/memory.limit_in_bytes`, `${cgroup}/memory.usage_in_bytes`];
    const [limitV2, usageV2] = [`${cgroup}/memory.max`, `${cgroup}/memory.current`];
    for (const [limitFile, usage] of [[limitV1, usageV1] as const, [limitV2, usageV2] as const])
      if (existsSync(limitFile)) writeFileSync(limitFile, String(Number(readFileSync(usage, 'utf8')) + 1_048_576));
  }
  await scene.inside(scene.netns(OTHER, 'client'), process.execPath, '-e', MANY_CONNECTIONS);
}

/** Each of them asks once and stays, and is what a proxy and a server keep memory for. */
const MANY_CONNECTIONS = `const n=require('net');const all=[];for(let i=0;i<4000;i++)all.push(n.connect(8080,'10.77.2.2').on('error',()=>{}));
for(const s of all)s.write('GET / HTTP/1.1\\r\\nhost: a\\r\\n'+'x-filler: '+'y'.repeat(8000)+'\\r\\n\\r\\n');setTimeout(()=>process.exit(0),4000)`;

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
  const mend = async () => {
    if (own === undefined) rmdirSync(made);
  };
  await later(1000);
  const throttled = Number(/^nr_throttled (\d+)/m.exec(readFileSync(`${cgroup}/cpu.stat`, 'utf8'))?.[1] ?? 0);
  if (throttled > 0) return mend;
  for (const pid of own === undefined ? pids : []) writeFileSync('/sys/fs/cgroup/cpu/cgroup.procs', String(pid));
  await mend();
  throw new Error('it was never throttled');
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
    tells: ['MT3003', 'MT0301', 'MT0312', 'MT3008'],
    lasts: true,
    alone: true,
  },
  ...(['client-proxy', 'server-app'] as const).map((role): Fault => ({
    id: `${role} runs out of memory`,
    datapath: ENVOY,
    when: 'measuring',
    harm: once((scene) => starveOfMemory(scene, role)),
    allowed: ['ended'],
    tells: ['MT3006'],
    names: role,
  })),
  ...(['client-proxy', 'server-app'] as const).map((role): Fault => ({
    id: `${role} has no file descriptor left`,
    datapath: ENVOY,
    when: 'deploying',
    harm: once(async (scene) => {
      for (const pid of await scene.pids(role, OTHER)) await limit(pid, '--nofile=8:8');
    }),
    allowed: ['ended'],
    // As late as when its counters are asked for.
    tells: ['MT3001', 'MT3012'],
  })),
  {
    id: 'the generator has no file descriptor left',
    datapath: ENVOY,
    when: 'deploying',
    harm: once(async (scene) => {
      for (const pid of await scene.pids('generator-0')) await limit(pid, '--nofile=24:24');
    }),
    allowed: ['ended'],
    tells: ['MT3008'],
  },
];

const young = ['client-proxy', 'server-app'].map((role): Fault => ({
  id: `${role} is killed as soon as it is there`,
  datapath: ENVOY,
  when: 'deploying',
  harm: once((scene) => scene.signal('SIGKILL', role, OTHER)),
  allowed: ['ended'],
  tells: ['MT3001', 'MT3006'],
}));

/** The instrument that is there for the ladder alone. */
const onTheLadder = (['SIGKILL', 'SIGSTOP'] as const).map((signal): Fault => ({
  id: `idle-soaker ${signal === 'SIGKILL' ? 'is killed' : 'hangs'}`,
  datapath: ENVOY,
  measured: 'with a ladder',
  when: 'measuring',
  harm: once((scene) => scene.signal(signal, 'idle-soaker')),
  ...(signal === 'SIGSTOP' ? { mute: 'idle-soaker' } : {}),
  allowed: ['ended'],
  tells: ['MT3009', 'MT3012'],
}));

/** Both datapaths are in the window of the harm, and the other one's figures are kept. */
const together = [...killed, ...hanging]
  .filter(({ id }) => id.startsWith('client-proxy'))
  .map((fault): Fault => ({ ...fault, id: `in a duet ${fault.id}`, measured: 'duet' }));

export const componentFaults: readonly Fault[] = [...killed, ...hanging, ...starved, ...young, ...onTheLadder, ...together];
