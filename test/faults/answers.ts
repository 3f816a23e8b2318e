/** A server that was well when its path was proven, and misbehaves in the middle of a window. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault } from './fault.ts';
import { BASELINE, type Scene } from './scene.ts';

const PEER = fileURLToPath(new URL('evil-peer.ts', import.meta.url));
const PEER_PORT = 18_080;

const HTTP = [
  'garbage',
  'zeros',
  'half-close',
  'reset',
  'silence',
  'status-500',
  'status-503-retry',
  'status-200-empty',
  'redirect-302',
  'continue-100',
  'endless-headers',
  'endless-body',
  'short-body',
  'negative-length',
  'two-lengths',
  'bad-chunks',
  'two-answers',
  'one-byte-at-a-time',
  'close-each',
] as const;
const GRPC = [
  'garbage',
  'half-close',
  'reset',
  'silence',
  'goaway',
  'reset-streams',
  'huge-frame',
  'ping-flood',
  'endless-continuation',
] as const;

/** The peer stands before the server from the first connection on; it is triggered later. */
async function putPeer(scene: Scene, port: number, mode: string, trigger: string): Promise<() => Promise<void>> {
  const netns = scene.netns(BASELINE, 'server');
  while (!existsSync(`/run/netns/${netns}`)) await new Promise((resolve) => setTimeout(resolve, 5));
  const command = [
    `--net=/run/netns/${netns}`,
    '--',
    process.execPath,
    '--no-warnings',
    PEER,
    String(PEER_PORT),
    String(port),
    trigger,
    mode,
  ];
  const peer = spawn('nsenter', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => peer.stdout.once('data', resolve));
  const rule = ['-p', 'tcp', '--dport', String(port), '-j', 'REDIRECT', '--to-ports', String(PEER_PORT)];
  await scene.inside(netns, 'iptables', '-t', 'nat', '-A', 'PREROUTING', ...rule);
  return async () => void peer.kill('SIGKILL');
}

const faultOf = (workload: 'http-echo' | 'grpc-unary', port: number, mode: string): Fault => ({
  id: `${workload === 'http-echo' ? 'HTTP' : 'gRPC'} server: ${mode}`,
  datapath: 'ebpf-lab',
  workload,
  when: 'deploying',
  harm: async (scene) => {
    const trigger = `${scene.scratch}/evil`;
    const mend = await putPeer(scene, port, mode, trigger);
    void scene.run.reached('trial-started', 2).then(() => setTimeout(() => writeFileSync(trigger, ''), 400));
    return mend;
  },
  allowed: ['ended', 'invalid'],
});

export const answerFaults: readonly Fault[] = [
  ...HTTP.map((mode) => faultOf('http-echo', 8080, mode)),
  ...GRPC.map((mode) => faultOf('grpc-unary', 8080, mode)),
];
