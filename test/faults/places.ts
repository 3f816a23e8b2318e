/** Networks, programs, disks and the host itself, changed behind the run's back. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { clockEnvironment, clockFileIn } from './clock.ts';
import type { Fault } from './fault.ts';
import { once } from './fault.ts';
import { OTHER, type Scene } from './scene.ts';

const BPF = 'ebpf-lab';
const IPTABLES = '{ id: iptables-service, services: 20 }';

const EVERY_FIFTH = 'iptables -I FORWARD -m statistic --mode nth --every 5 --packet 0 -j DROP'.split(' ');

/** Requests fail, stray, or find no connection. */
const NO_ANSWERS = ['MT0302', 'MT0306', 'MT3008', 'MT3013'];

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
    harm: once((scene) => scene.inside(scene.netns(OTHER, 'node-a'), ...EVERY_FIFTH)),
    allowed: ['ended', 'invalid'],
    tells: [...NO_ANSWERS, 'MT0301', 'MT0303'],
  },
  {
    id: 'the service’s rules are flushed',
    datapath: IPTABLES,
    when: 'measuring',
    harm: once(async (scene) => {
      await scene.inside(scene.netns(OTHER, 'node-a'), 'iptables', '-t', 'nat', '-F');
      await endConnections(scene);
    }),
    allowed: ['ended', 'invalid'],
    tells: NO_ANSWERS,
  },
  {
    id: 'the connection table is full',
    datapath: IPTABLES,
    when: 'measuring',
    harm: once(async (scene) => {
      await fillConnectionTable(scene);
      await endConnections(scene);
    }),
    allowed: ['ended', 'invalid'],
    tells: NO_ANSWERS,
    alone: true,
  },
];

/** What is established goes on in spite of much; new connections must do without what was taken away. */
async function endConnections(scene: Scene): Promise<void> {
  const rule = 'FORWARD -p tcp -m conntrack --ctstate ESTABLISHED -j REJECT --reject-with tcp-reset'.split(' ');
  const iptables = (action: string) => scene.inside(scene.netns(OTHER, 'node-a'), 'iptables', action, ...rule);
  await iptables('-I');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await iptables('-D');
}

/** Its size is the machine's, its entries are the namespace's: datagrams to as many ports as there are. */
async function fillConnectionTable(scene: Scene): Promise<void> {
  const program = `const d=require('dgram');(async()=>{for(let s=0;s<5;s++){const k=d.createSocket('udp4');await new Promise(r=>k.bind(0,r));for(let p=1024;p<65000;p++)await new Promise(r=>k.send('x',p,'10.77.2.2',()=>r()));k.close()}})()`;
  await scene.inside(scene.netns(OTHER, 'client'), process.execPath, '-e', program);
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
    disk: { sizeKiB: 4096 },
    harm: async (scene) => {
      const disk = scene.run.directory().split('/').slice(0, -2).join('/');
      await execa('mount', ['-o', 'remount,ro', disk]);
      return async () => void (await execa('mount', ['-o', 'remount,rw', disk]));
    },
    allowed: ['ended'],
    tells: ['MT4002'],
  },
  {
    id: 'the run directory is deleted',
    datapath: BPF,
    when: 'measuring',
    harm: once(async (scene) => rmSync(scene.run.directory(), { recursive: true })),
    allowed: ['ended'],
    tells: ['MT4002'],
  },
];

const host: Fault[] = [
  {
    id: 'a CPU hog next to us',
    datapath: BPF,
    when: 'measuring',
    harm: async () => {
      const hogs = [0, 1].map(() => spawn(process.execPath, ['-e', 'const end=Date.now()+9000;while(Date.now()<end);']));
      return async () => hogs.forEach((hog) => hog.kill('SIGKILL'));
    },
    allowed: ['invalid'],
    tells: ['MT0311'],
    alone: true,
  },
  {
    id: 'a real-time hog on every CPU',
    datapath: BPF,
    when: 'measuring',
    harm: async () => {
      const burn = 'const end=Date.now()+600;while(Date.now()<end);';
      const hogs = [0, 1].map((cpu) => spawn('taskset', ['-c', String(cpu), 'chrt', '-f', '60', process.execPath, '-e', burn]));
      return async () => hogs.forEach((hog) => hog.kill('SIGKILL'));
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
    harm: once(async ({ scratch }) => writeFileSync(clockFileIn(scratch), direction === 'forward' ? '+3600' : '-3600')),
    allowed: ['unharmed'],
    tells: [],
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
  },
];

export const placeFaults: readonly Fault[] = [...network, ...programs, ...disks, ...host];
