/** Instruments of other processes that die, hang, or answer something else from the middle of a window on. */
import { rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import type { Fault } from './fault.ts';
import { once } from './fault.ts';
import { OTHER } from './scene.ts';

type Answer = (response: http.ServerResponse) => void;

const NOT_A_NUMBER =
  'container_cpu_usage_seconds_total{container="client-proxy",namespace="envoy-sidecar",pod="client"} NaN 1700000000000\n';

const ANSWERS: Readonly<Record<string, Answer>> = {
  'garbage with status 200': (response) => void response.end(Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 131) & 255))),
  'status 500': (response) => void response.writeHead(500).end('no'),
  'an empty page': (response) => void response.end(''),
  'NaN everywhere': (response) => void response.end(NOT_A_NUMBER.repeat(100)),
  'half of a page': (response) => {
    response.writeHead(200, { 'content-length': '100000' });
    response.write(NOT_A_NUMBER);
    setTimeout(() => response.destroy(), 50);
  },
  'a page without end': (response) => {
    const timer = setInterval(() => response.write(NOT_A_NUMBER.repeat(500)), 1);
    response.once('close', () => clearInterval(timer));
  },
  nothing: () => {},
};

/** Somebody else listens where it listened: nothing of the run notices until it asks. */
async function takePlace(socket: string, answer: Answer): Promise<() => Promise<void>> {
  const server = http.createServer((_, response) => answer(response));
  server.on('clientError', (_, connection: net.Socket) => connection.destroy());
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
  return async () => {
    server.closeAllConnections();
    server.close();
  };
}

const answering = Object.entries(ANSWERS).map(([words, answer]): Fault => ({
  id: `cAdvisor answers ${words}`,
  datapath: 'envoy-sidecar',
  collector: 'cadvisor',
  when: 'measuring',
  harm: async (scene) => {
    await scene.signal('SIGKILL', 'cadvisor'); // connections that are kept would go on to the real one
    return takePlace(`/run/meshtax/${scene.id}/cadvisor/cadvisor.sock`, answer);
  },
  allowed: ['reported'],
  tells: ['MT0310'],
  alone: words === 'a page without end', // to answer is work
}));

const observers = (['SIGKILL', 'SIGSTOP'] as const).flatMap((signal) =>
  ['observer', 'flow-reader'].map((role): Fault => ({
    id: `the ${role} ${signal === 'SIGKILL' ? 'is killed' : 'hangs'}`,
    datapath: '{ id: ebpf-lab, observability: flows }',
    when: 'measuring',
    harm: once(async (scene) => {
      const pids = await scene.pids('observer', OTHER);
      // The reader is the observer's child.
      const [chosen] = role === 'observer' ? pids : pids.slice(1);
      if (chosen !== undefined) process.kill(chosen, signal);
    }),
    ...(signal === 'SIGSTOP' ? { mute: 'observer' } : {}),
    collector: 'hubble',
    allowed: [signal === 'SIGKILL' ? 'ended' : 'reported'],
    tells: ['MT3006'],
  })),
);

export const instrumentFaults: readonly Fault[] = [...answering, ...observers];
