/** A server, or the observer of flows, that was well when its path was proven, and misbehaves in the middle of a window. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault } from './fault.ts';
import { once } from './fault.ts';

const PEER = fileURLToPath(new URL('evil-peer.ts', import.meta.url));

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

const triggerIn = (scratch: string): string => `${scratch}/evil`;

/** Servers run without rights: they can read it only outside of the project. `role`: of the process that misbehaves. */
async function withPeer(scratch: string, role: string, mode: string): Promise<Record<string, string>> {
  chmodSync(scratch, 0o755);
  const copy = `${scratch}/evil-peer.ts`;
  copyFileSync(PEER, copy);
  chmodSync(copy, 0o644);
  return {
    NODE_OPTIONS: `--import=${copy}`,
    MESHTAX_EVIL_ROLE: role,
    MESHTAX_EVIL_TRIGGER: triggerIn(scratch),
    MESHTAX_EVIL_MODE: mode,
  };
}

const faultOf = (workload: 'http-echo' | 'grpc-unary', mode: string): Fault => ({
  id: `${workload === 'http-echo' ? 'HTTP' : 'gRPC'} server: ${mode}`,
  datapath: 'ebpf-lab',
  workload,
  when: 'measuring',
  environment: (scratch) => withPeer(scratch, 'server', mode),
  harm: once(async ({ scratch }) => writeFileSync(triggerIn(scratch), '')),
  allowed: ['ended', 'invalid'],
  tells: ['MT0302', 'MT3013', 'MT3008'],
});

const observerFault = (mode: string): Fault => ({
  id: `flow observer: ${mode}`,
  datapath: '{ id: ebpf-lab, observability: flows }',
  when: 'measuring',
  environment: (scratch) => withPeer(scratch, 'observer', mode),
  harm: once(async ({ scratch }) => writeFileSync(triggerIn(scratch), '')),
  collector: 'hubble',
  allowed: ['reported'],
  tells: [],
});

export const answerFaults: readonly Fault[] = [
  ...HTTP.map((mode) => faultOf('http-echo', mode)),
  ...GRPC.map((mode) => faultOf('grpc-unary', mode)),
  // On a Unix socket there is no reset.
  ...GRPC.filter((mode) => mode !== 'reset').map(observerFault),
];
