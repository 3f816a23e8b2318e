/** A deployed datapath as others see it: what runs, what can be read, what proves the path. */
import type { Features } from '../features.ts';
import type { CpuTime } from '../cpu-time.ts';
import type { CadvisorSource, CadvisorView } from './cadvisor.ts';
import type { ArmTarget } from './generator.ts';
import type { HubbleView } from './hubble.ts';
import type { Measure } from '../records.ts';
import type { ServerSpec } from './workload.ts';

/** Registers how an effect is undone, before it happens. `budgetMs`: its own, for what takes long; the others keep theirs. */
export type PushUndo = (title: string, undo: () => Promise<void>, budgetMs?: number) => void;

/** Measured apart from each other; every figure names the one it belongs to. */
export type Role =
  | 'generator'
  | 'client-proxy'
  | 'server-proxy'
  | 'server-app'
  | 'observer'
  /** One for all pods of a node: Cilium's Envoy, ztunnel. */
  | 'node-proxy'
  /** One for the pods of a namespace or service, as a deployment of its own. */
  | 'waypoint'
  /** Of a node, and of the cluster: they configure, and no request passes them. */
  | 'agent'
  | 'control-plane';

/** The files a component's CPU and memory are read from; paths differ between cgroup v1 and v2. */
export interface CgroupFiles {
  readonly cpu: { readonly file: string; readonly format: 'cpuacct.usage' | 'cpu.stat' };
  readonly memoryUsage: string;
  readonly memoryStat: string;
}

export interface Component {
  readonly role: Role;
  /** Undefined: it runs on another machine. */
  readonly cgroup?: CgroupFiles | undefined;
  /** Undefined while it runs; else how it ended. */
  ended(): string | undefined;
}

/** What a counter must show for the traffic to have been on this datapath. */
export interface PathExpectation {
  readonly counter: string;
  /** `at-least-requests`: it counts packets, of which each request is one or more. */
  readonly equals: 'requests' | 'connections' | 'zero' | 'at-least-requests';
  readonly meaning: string;
}

/** A machine that a deployment runs on. */
export interface NodeView {
  readonly name: string;
  /** False: it shares its kernel with another of these, which is asked for what belongs to the whole machine. */
  readonly isMachine: boolean;
  /** What it shows at this very moment; undefined without a node agent. */
  readonly now: ((edge: 'first' | 'last') => Promise<NodeMoment>) | undefined;
  /** The kubelet's page of resource metrics: samples, at times of their own. */
  readonly samples: CadvisorSource;
}

/** A component's own page of metrics. */
export interface OwnMetrics {
  readonly component: Role;
  /** @throws when it cannot be read. */
  read(): Promise<readonly OwnFigure[]>;
}

export interface OwnFigure {
  readonly metric: string;
  readonly unit: Measure['unit'];
  readonly kind: Measure['kind'];
  readonly value: number;
}

/** Where packets between client and server leave their node. */
export interface WireView {
  /** @throws MeshtaxError MT3009 where nobody can look. */
  watch(): Promise<{ end(): Promise<WireCount> }>;
}

export interface WireCount {
  readonly packets: number;
  /** Of them, those that hold a request or an answer in clear text. */
  readonly readable: number;
}

/** Counters of a node since its start. */
export interface NodeMoment {
  readonly cpu: CpuTime;
  /** CPU time of each container of the deployment on it, ns, by role. */
  readonly components: readonly { readonly role: Role; readonly cpuNs: number }[];
  /** Network softirqs handled, by all CPUs. */
  readonly networkSoftirqs: number;
  /** `source`: whose figures they are; between two sources there is no difference. `isCounted`: the kernel counts time and runs. */
  readonly bpf:
    | { readonly source: string; readonly isCounted: boolean; readonly runTimeNs: number; readonly runs: number; readonly mapBytes: number }
    | undefined;
}

/** One datapath, deployed and ready to be asked. */
export interface Deployment {
  readonly arm: string;
  readonly features: Features;
  readonly components: readonly Component[];
  readonly envoys: readonly { readonly role: Role; readonly adminSocket: string }[];
  readonly bpfPrograms: readonly { readonly name: string; readonly pin: string }[];
  readonly cadvisor: readonly CadvisorView[];
  readonly hubble?: HubbleView | undefined;
  readonly links: readonly { readonly name: string; readonly enter: readonly string[]; readonly device: string }[];
  readonly expectations: readonly PathExpectation[];
  readonly notes: Readonly<Record<string, string>>;
  readonly logDirectory: string;
  /** The machines it is on, when they are not the one that meshtax runs on. */
  readonly nodes?: readonly NodeView[];
  readonly ownMetrics?: readonly OwnMetrics[];
  readonly wire?: WireView | undefined;
  pathCounters(): Promise<Readonly<Record<string, number>>>;
  target(server: ServerSpec, engine: string, connections: number): ArmTarget;
}
