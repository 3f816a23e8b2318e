/** Networks, programs, disks and the host itself, changed behind the run's back. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { execa } from 'execa';
import type { TrialRecord } from '../../src/model/records.ts';
import { later } from '../campaign/watched-run.ts';
import { clockEnvironment, clockFileIn } from './clock.ts';
import type { Fault } from './fault.ts';
import { NO_ANSWERS, once } from './fault.ts';
import { OTHER, type Scene } from './scene.ts';

const BPF = 'ebpf-lab';
const IPTABLES = '{ id: iptables-service, services: 20 }';

const EVERY_FIFTH = 'iptables -I FORWARD -m statistic --mode nth --every 5 --packet 0 -j DROP'.split(' ');
const AN_HOUR_MS = 3_600_000;

const network: Fault[] = [
  {
    id: 'the name of a pod’s namespace is deleted',
    datapath: BPF,
    when: 'measuring',
    harm: once((scene) => execa('ip', ['netns', 'del', scene.netns(OTHER, 'client')])),
    allowed: ['ended'],
    tells: ['MT3009'],
  },
  {
    id: 'a pod’s wire is deleted',
    datapath: BPF,
    when: 'measuring',
    harm: once((scene) => scene.inside(scene.netns(OTHER, 'client'), 'ip', 'link', 'del', 'eth0')),
    allowed: ['ended'],
    tells: ['MT3009'],
  },
  {
    id: 'the wire between the nodes is down',
    datapath: BPF,
    when: 'measuring',
    harm: once((scene) => scene.inside(scene.netns(OTHER, 'node-a'), 'ip', 'link', 'set', 'wire', 'down')),
    allowed: ['ended', 'invalid'],
    tells: NO_ANSWERS,
  },
  {
    id: 'a node forgets its route',
    datapath: BPF,
    when: 'measuring',
    harm: once((scene) => scene.inside(scene.netns(OTHER, 'node-b'), 'ip', 'route', 'flush', 'proto', 'boot')),
    allowed: ['ended', 'invalid'],
    tells: NO_ANSWERS,
  },
  {
    // Not by netem, which not every kernel has.
    id: 'a node loses every fifth packet',
    datapath: IPTABLES,
    when: 'measuring',
    harm: once(async (scene) => {
      const inside = (...command: string[]) => scene.inside(scene.netns(OTHER, 'node-a'), ...command);
      await inside(...EVERY_FIFTH);
      await later(500);
      const [, , rule = ''] = (await inside('iptables', '-nvxL', 'FORWARD')).split('\n');
      if (!/^\s*[1-9]/.test(rule)) throw new Error(`no packet was dropped: ${rule}`);
    }),
    alone: true,
    allowed: ['ended', 'invalid'],
    tells: [...NO_ANSWERS, 'MT0301', 'MT0303'],
  },
  {
    id: 'the service’s rules are flushed',
    datapath: IPTABLES,
    when: 'measuring',
    harm: once(async (scene) => {
      await scene.inside(scene.netns(OTHER, 'node-a'), 'iptables', '-t', 'nat', '-F');
      // What is known goes on by what it is known as.
      await scene.inside(scene.netns(OTHER, 'node-a'), 'conntrack', '--flush');
    }),
    allowed: ['ended', 'invalid'],
    tells: NO_ANSWERS,
  },
  {
    id: 'the connection table is full',
    datapath: IPTABLES,
    when: 'deploying',
    harm: once(fillConnectionTable),
    allowed: ['ended'],
    tells: ['MT3001', 'MT3008', 'MT3013'],
    alone: true,
  },
];

/**
 * Its size is the machine's, its entries are the namespace's. Only established connections stay when there is no room, so these are; the
 * run waits meanwhile, before its first connection.
 */
async function fillConnectionTable(scene: Scene): Promise<void> {
  await scene.pids('server-app', OTHER);
  process.kill(scene.run.pid, 'SIGSTOP');
  const [netns, file] = [scene.netns(OTHER, 'node-a'), `${scene.scratch}/connections`];
  const size = Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8'));
  const flags = '-p tcp --state ESTABLISHED --status SEEN_REPLY,ASSURED --timeout 120';
  writeFileSync(
    file,
    Array.from({ length: size + 100 }, (_, at) => {
      const [address, port] = [`10.99.${Math.floor(at / 60_000)}.1`, 1024 + (at % 60_000)];
      return `-I -s ${address} -d 10.99.255.1 ${flags} --sport ${port} --dport 80`;
    }).join('\n'),
  );
  await scene.inside(netns, 'conntrack', '--load-file', file).catch(() => {}); // the last ones find no room
  const count = Number(await scene.inside(netns, 'cat', '/proc/sys/net/netfilter/nf_conntrack_count'));
  process.kill(scene.run.pid, 'SIGCONT');
  if (count < size) throw new Error(`the table has ${count} of ${size} entries`);
}

const programs: Fault[] = [
  {
    id: 'the eBPF programs are detached from the wire',
    datapath: BPF,
    when: 'measuring',
    harm: once(async (scene) => {
      for (const node of ['node-a', 'node-b'] as const) {
        for (const device of ['pod-client', 'pod-server', 'wire'])
          await scene.inside(scene.netns(OTHER, node), 'tc', 'qdisc', 'del', 'dev', device, 'clsact').catch(() => {});
      }
    }),
    allowed: ['invalid'],
    tells: ['MT0306'],
  },
  {
    id: 'the eBPF filesystem is unmounted',
    datapath: BPF,
    when: 'measuring',
    harm: once((scene) => execa('umount', ['-l', `/run/meshtax/${scene.id}/bpf`])),
    allowed: ['ended'],
    tells: ['MT3009'],
  },
  {
    id: 'the machine stops counting eBPF run time',
    datapath: BPF,
    when: 'measuring',
    harm: once(async () => writeFileSync('/proc/sys/kernel/bpf_stats_enabled', '0')),
    collector: 'bpf-stats',
    allowed: ['reported'],
    tells: [],
    alone: true,
  },
];

const disks: Fault[] = [
  ...[24, 48, 72, 96, 120].map((sizeKiB): Fault => ({
    id: `a disk of ${sizeKiB} KiB is full`,
    datapath: BPF,
    when: 'starting',
    disk: { sizeKiB },
    harm: once(async () => {}),
    allowed: ['ended'],
    tells: ['MT4002'],
  })),
  {
    id: 'a disk without inodes',
    datapath: BPF,
    when: 'starting',
    disk: { sizeKiB: 4096, inodes: 20 },
    harm: once(async () => {}),
    allowed: ['ended'],
    tells: ['MT4002'],
  },
  {
    id: 'the disk becomes read-only',
    datapath: BPF,
    when: 'measuring',
    // The part of it where trials go: files of the rest are open.
    harm: async (scene) => {
      const trials = `${scene.run.directory()}/trials`;
      await execa('mount', ['--bind', trials, trials]);
      const mend = async () => void (await execa('umount', ['--lazy', trials]));
      await execa('mount', ['-o', 'remount,bind,ro', trials]).catch(async (error: unknown) => {
        await mend();
        throw error;
      });
      return mend;
    },
    allowed: ['ended'],
    tells: ['MT4002'],
  },
  {
    id: 'the run directory is deleted',
    datapath: BPF,
    when: 'measuring',
    harm: once(async (scene) => rmSync(scene.run.directory(), { recursive: true })),
    loses: true,
    allowed: ['ended'],
    tells: ['MT4002'],
  },
];

/** One on every CPU, until they are ended. */
async function hogs(commandOn: (cpu: number) => readonly [string, ...string[]]): Promise<() => Promise<void>> {
  const all = await Promise.all(
    Array.from({ length: availableParallelism() }, async (_, cpu) => {
      const [program, ...args] = commandOn(cpu);
      const hog = spawn(program, args, { stdio: 'ignore' });
      await new Promise<void>((resolve, reject) => hog.once('error', reject).once('spawn', resolve));
      return hog;
    }),
  );
  return async () => all.forEach((hog) => hog.kill('SIGKILL'));
}

const jump =
  (direction: 'forward' | 'backward') =>
  async ({ scratch }: Scene): Promise<void> =>
    writeFileSync(clockFileIn(scratch), String(direction === 'forward' ? AN_HOUR_MS : -AN_HOUR_MS));

const host: Fault[] = [
  {
    id: 'a CPU hog next to us',
    datapath: BPF,
    when: 'measuring',
    harm: () => hogs(() => [process.execPath, '-e', 'const end=Date.now()+80_000;while(Date.now()<end);']),
    allowed: ['invalid', 'ended'],
    tells: ['MT0311', 'MT3003'],
    lasts: true,
    alone: true,
  },
  {
    id: 'a real-time hog on every CPU',
    datapath: BPF,
    when: 'measuring',
    harm: () => {
      const burn = 'const end=Date.now()+600;while(Date.now()<end);';
      return hogs((cpu) => ['taskset', '-c', String(cpu), 'chrt', '-f', '60', process.execPath, '-e', burn]);
    },
    allowed: ['invalid', 'reported'],
    tells: ['MT0308', 'MT0311', 'MT0312'],
    alone: true,
  },
  ...(['forward', 'backward'] as const).map((direction): Fault => ({
    id: `the wall clock jumps an hour ${direction}`,
    datapath: BPF,
    when: 'measuring',
    environment: clockEnvironment,
    harm: once(jump(direction)),
    allowed: ['unharmed', 'reported'],
    tells: [],
    effect: (trials) => (jumpMs(trials) > 0.9 * AN_HOUR_MS ? [] : ['no trial begins an hour from the one before it']),
    alone: true,
  })),
  // The one instrument that divides by wall time.
  ...(['forward', 'backward'] as const).map((direction): Fault => ({
    id: `the wall clock jumps an hour ${direction}, under cAdvisor`,
    datapath: 'envoy-sidecar',
    when: 'measuring',
    environment: clockEnvironment,
    harm: once(jump(direction)),
    collector: 'cadvisor',
    madeUpOnce: true,
    allowed: ['reported'],
    tells: ['MT0310'],
    alone: true,
  })),
  {
    id: 'meshtax itself stands still for three seconds',
    datapath: BPF,
    when: 'measuring',
    harm: once(async (scene) => {
      process.kill(scene.run.pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 3000));
      process.kill(scene.run.pid, 'SIGCONT');
    }),
    allowed: ['invalid'],
    tells: ['MT0313'],
    alone: true,
  },
];

/** The longest step, forward or backward, between the starts of two trials that were measured one after the other. */
function jumpMs(trials: readonly TrialRecord[]): number {
  const inOrder = trials.toSorted((a, b) => a.result.startNs - b.result.startNs).map(({ startedAt }) => Date.parse(startedAt));
  return Math.max(0, ...inOrder.slice(1).map((at, index) => Math.abs(at - (inOrder[index] ?? at))));
}

/** What every datapath of a window meets at the same time. */
const together = [...network, ...host]
  .filter(({ id }) => ['the wire between the nodes is down', 'a CPU hog next to us'].includes(id))
  .map((fault): Fault => ({ ...fault, id: `in a duet ${fault.id}`, measured: 'duet' }));

export const placeFaults: readonly Fault[] = [...network, ...programs, ...disks, ...host, ...together];
