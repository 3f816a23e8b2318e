/** A server, or the observer of flows, that was well when its path was proven, and misbehaves in the middle of a window. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault } from './fault.ts';
import { NO_ANSWERS, once } from './fault.ts';
import { OTHER } from './scene.ts';

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

interface Peer {
  /** Of the process that misbehaves. */
  readonly role: 'server' | 'observer';
  readonly mode: string;
  /** The only arm in which it does. */
  readonly arm?: number;
  /** The n-th request, and its multiples. */
  readonly every?: number;
}

/** Servers run without rights: they can read it only outside of the project. */
async function withPeer(scratch: string, { role, mode, arm, every = 1 }: Peer): Promise<Record<string, string>> {
  chmodSync(scratch, 0o755);
  const copy = `${scratch}/evil-peer.ts`;
  copyFileSync(PEER, copy);
  chmodSync(copy, 0o644);
  return {
    NODE_OPTIONS: `--import=${copy}`,
    MESHTAX_EVIL_ROLE: role,
    MESHTAX_EVIL_TRIGGER: triggerIn(scratch),
    MESHTAX_EVIL_MODE: mode,
    MESHTAX_EVIL_ARM: String(arm ?? ''),
    MESHTAX_EVIL_EVERY: String(every),
  };
}

const faultOf = (workload: 'http-echo' | 'grpc-unary', mode: string): Fault => ({
  id: `${workload === 'http-echo' ? 'HTTP' : 'gRPC'} server: ${mode}`,
  datapath: 'ebpf-lab',
  workload,
  when: 'measuring',
  environment: (scratch) => withPeer(scratch, { role: 'server', mode }),
  harm: once(async ({ scratch }) => writeFileSync(triggerIn(scratch), '')),
  allowed: ['ended', 'invalid'],
  tells: ['MT0302', 'MT3013', 'MT3008'],
});

const observerFault = (mode: string): Fault => ({
  id: `flow observer: ${mode}`,
  datapath: '{ id: ebpf-lab, observability: flows }',
  when: 'measuring',
  environment: (scratch) => withPeer(scratch, { role: 'observer', mode }),
  harm: once(async ({ scratch }) => writeFileSync(triggerIn(scratch), '')),
  collector: 'hubble',
  allowed: ['reported'],
  tells: [],
});

/** In one arm alone, where a proxy answers in its place, tries again, or counts what the client never gets. */
const behindEnvoy = (mode: string): Fault => ({
  ...faultOf('http-echo', mode),
  id: `HTTP server behind Envoy: ${mode}`,
  datapath: 'envoy-sidecar',
  environment: (scratch) => withPeer(scratch, { role: 'server', mode, arm: OTHER }),
  tells: NO_ANSWERS,
});

/** Few enough that percentiles look as always. */
const nowAndThen = (mode: string): Fault => ({
  ...faultOf('http-echo', mode),
  id: `HTTP server: ${mode}, every fiftieth request`,
  environment: (scratch) => withPeer(scratch, { role: 'server', mode, arm: OTHER, every: 50 }),
  tells: NO_ANSWERS,
});

export const answerFaults: readonly Fault[] = [
  ...HTTP.map((mode) => faultOf('http-echo', mode)),
  ...GRPC.map((mode) => faultOf('grpc-unary', mode)),
  ...['garbage', 'half-close', 'reset', 'status-500'].map(behindEnvoy),
  ...['status-500', 'short-body', 'reset'].map(nowAndThen),
  { ...faultOf('http-echo', 'status-500'), id: 'in a duet HTTP server: status-500', measured: 'duet' },
  // On a Unix socket there is no reset.
  ...GRPC.filter((mode) => mode !== 'reset').map(observerFault),
];
