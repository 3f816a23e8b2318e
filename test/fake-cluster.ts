/** A cluster in memory that writes down what is asked of it, for the order of a run. */
import { z } from 'zod';
import type { Cluster, GeneratorSession } from '../src/model/contracts/cluster.ts';
import type { Component, Deployment, PushUndo } from '../src/model/contracts/deployment.ts';
import type { Collector } from '../src/model/contracts/collector.ts';
import type { LoadResult } from '../src/model/contracts/generator.ts';
import { memberSchema } from '../src/model/experiment.ts';
import { encoded } from '../src/model/histogram.ts';

export interface FakeBehaviour {
  /** Requests that stray from the named arm's counters. */
  readonly stray?: string;
  readonly failDeploy?: string;
  /** Called when an arm is deployed. */
  readonly onDeploy?: () => void;
  /** The arm of which something stays. */
  readonly failUndo?: string;
  readonly achieved?: number;
  /** So many requests of each window get no good answer. */
  readonly failed?: number;
  /** And why. */
  readonly failure?: string;
  /** Called before each load; may abort. `durationNs`: of a closed loop. */
  readonly onLoad?: (arm: string, seed: string, durationNs?: number) => void;
  /** The arm that dies after its proof. */
  readonly diesBefore?: string;
  /** The arm that dies in its first window. */
  readonly dies?: string;
}

export function fakeCluster(log: string[], behaviour: FakeBehaviour = {}): Cluster {
  const sent = new Map<string, number>();
  /** Arms of which a window was measured. */
  const windows = new Set<string>();
  const component = (role: Component['role'], arm: string): Component => ({
    role,
    cgroup: { cpu: { file: '/cpu', format: 'cpuacct.usage' }, memoryUsage: '/usage', memoryStat: '/stat' },
    ended: () =>
      (behaviour.dies === arm && windows.has(arm)) || (behaviour.diesBefore === arm && sent.has(arm)) ? 'signal SIGKILL' : undefined,
  });
  const generator: GeneratorSession = {
    component: component('generator', ''),
    async connect(target) {
      log.push(`connect ${target.arm}`);
      return target.connections;
    },
    async disconnect(arm) {
      log.push(`disconnect ${arm}`);
    },
    async mask() {
      return [];
    },
    async load(command) {
      const names = command.op === 'open-load' ? command.arms : [command.arm];
      const seed = command.op === 'open-load' ? command.seed : 'full speed';
      const count = (command.op === 'open-load' ? command.requests : undefined) ?? 1500;
      for (const name of names) {
        const arm = name.split('/')[0] ?? '';
        behaviour.onLoad?.(arm, seed, command.op === 'closed-load' ? command.durationNs : undefined);
        if (seed.startsWith('fixed/0')) windows.add(arm);
        sent.set(arm, (sent.get(arm) ?? 0) + count / names.length);
      }
      log.push(`load ${names.join(' and ')} ${seed.split('/')[0]}`);
      const rate = command.op === 'open-load' ? command.ratePerSecond : 1000;
      return loadResult(
        names,
        count / names.length,
        behaviour.achieved ?? rate,
        seed.startsWith('proof') ? 0 : (behaviour.failed ?? 0),
        behaviour.failure,
      );
    },
  };
  return {
    id: 'lab',
    title: 'fake',
    schema: memberSchema('lab', z.object({})),
    doctor: [],
    describe: () => [],
    async open(_selected, _system, _options, undo: PushUndo) {
      undo('cluster', async () => void log.push('close cluster'));
      log.push('open cluster');
      return {
        facts: { kernel: '6.1' },
        findings: [],
        host: {},
        async deploy(datapath, selected, _servers, undoDeployment): Promise<Deployment> {
          undoDeployment(`deployment of ${selected.name}`, async () => {
            log.push(`undo ${selected.name}`);
            if (behaviour.failUndo === selected.name) throw new Error('it stays');
          });
          log.push(`deploy ${selected.name}`);
          behaviour.onDeploy?.();
          if (behaviour.failDeploy === selected.name) throw new Error('no luck');
          return {
            arm: selected.name,
            features: datapath.features(selected.options),
            components: [component('server-app', selected.name)],
            envoys: [],
            bpfPrograms: [],
            links: [],
            cadvisor: [],
            expectations: [{ counter: 'seen', equals: 'requests', meaning: 'requests' }],
            notes: {},
            logDirectory: '/logs',
            pathCounters: async () => ({ seen: (sent.get(selected.name) ?? 0) * (behaviour.stray === selected.name ? 0.5 : 1) }),
            target: (server, engine, connections) => ({
              arm: selected.name,
              engine,
              dial: { host: 'h', port: 1 },
              connections,
              requestBytes: server.requestBytes,
              responseBytes: server.responseBytes,
            }),
          };
        },
        async startGenerator(_inside, undoGenerator) {
          undoGenerator('generator', async () => void log.push('stop generator'));
          log.push('start generator');
          return generator;
        },
      };
    },
  };
}

export function fakeCollector(log: string[]): Collector {
  return {
    id: 'fake',
    title: 'fake',
    includes: '',
    leavesOut: '',
    weight: 'light',
    sees: 'arm',
    during: 'both',
    absent: () => undefined,
    async open({ deployment }) {
      log.push(`open instruments of ${deployment.arm}`);
      return {
        async close() {
          log.push(`close instruments of ${deployment.arm}`);
          return [{ collector: 'fake', metric: 'cpu', component: 'machine', unit: 'ns', kind: 'counter', value: 1e9 }];
        },
      };
    },
  };
}

function loadResult(names: readonly string[], count: number, rate: number, failed: number, failure = 'status 503'): LoadResult {
  const none = { count: 0, hdr: '' };
  return {
    arms: names.map((arm) => ({
      arm,
      sent: count,
      ok: count - failed,
      errors: failed,
      errorKinds: failed > 0 ? { [failure]: failed } : {},
      response: encoded(Array.from({ length: count - failed }, (_, i) => 1e5 + i)),
      responseError: none,
      wait: none,
      connectionsOpened: 0,
      backlogMax: 0,
      backlogAtEnd: 0,
    })),
    startNs: 0,
    endNs: 1e9,
    intendedRequests: count * names.length,
    achievedRatePerSecond: rate,
    lag: none,
    gapSampleNs: [],
    gapVariation: 1,
    cpuNs: 1,
    loopUtilisation: 0.1,
  };
}
