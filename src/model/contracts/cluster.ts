/** A cluster: where a run happens. It deploys datapaths, starts generators and hands out what collectors read. */
import type { z } from 'zod';
import type { Experiment, Selected } from '../experiment.ts';
import type { Features } from '../features.ts';
import type { Finding } from '../findings.ts';
import type { System } from '../ports.ts';
import type { DoctorCheck } from './check.ts';
import type { Datapath } from './datapath.ts';
import type { ArmTarget, GeneratorCommand, LoadResult } from './generator.ts';
import type { ServerSpec } from './workload.ts';

/** Measured apart from each other; every figure names the one it belongs to. */
export type Role = 'generator' | 'client-proxy' | 'server-proxy' | 'server-app' | 'observer';

/** The files a component's CPU and memory are read from; paths differ between cgroup v1 and v2. */
export interface CgroupFiles {
  readonly cpu: { readonly file: string; readonly format: 'cpuacct.usage' | 'cpu.stat' };
  readonly memoryUsage: string;
  readonly memoryStat: string;
}

export interface Component {
  readonly role: Role;
  readonly cgroup: CgroupFiles;
  /** Undefined while it runs; else how it ended. */
  ended(): string | undefined;
}

/** What a counter must show for the traffic to have been on this datapath. */
export interface PathExpectation {
  readonly counter: string;
  readonly equals: 'requests' | 'connections' | 'zero';
  readonly meaning: string;
}

/** One datapath, deployed and ready to be asked. */
export interface Deployment {
  readonly arm: string;
  readonly features: Features;
  readonly components: readonly Component[];
  readonly envoys: readonly { readonly role: Role; readonly adminSocket: string }[];
  readonly bpfPrograms: readonly { readonly name: string; readonly pin: string }[];
  readonly links: readonly { readonly name: string; readonly enter: readonly string[]; readonly device: string }[];
  readonly expectations: readonly PathExpectation[];
  readonly notes: Readonly<Record<string, string>>;
  readonly logDirectory: string;
  pathCounters(): Promise<Readonly<Record<string, number>>>;
  target(server: ServerSpec, engine: string, connections: number): ArmTarget;
}

/** A running generator process. */
export interface GeneratorSession {
  readonly component: Component;
  /** @throws MeshtaxError MT3008 when the process fails. Returns the connections opened. */
  connect(target: ArmTarget): Promise<number>;
  disconnect(arm: string): Promise<void>;
  load(command: DistributiveOmit<Extract<GeneratorCommand, { op: 'open-load' | 'closed-load' }>, 'id'>): Promise<LoadResult>;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Registers how an effect is undone, before it happens. */
export type PushUndo = (title: string, undo: () => Promise<void>) => void;

export interface ClusterSession {
  /** What the measurements depend on and the run directory records. No host name, user or path. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly findings: readonly Finding[];
  deploy(datapath: Datapath, selected: Selected, servers: readonly ServerSpec[], undo: PushUndo): Promise<Deployment>;
  /** `inside`: the deployment in whose client pod the process lives; undefined for a process shared by all. */
  startGenerator(inside: Deployment | undefined, undo: PushUndo): Promise<GeneratorSession>;
}

export interface OpenClusterOptions {
  readonly runId: string;
  readonly logDirectory: string;
  readonly allowConcurrent: boolean;
}

export interface CleanReport {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  readonly failed: readonly string[];
}

/** What must be on the machine before a cluster can be used, and its installation. */
export interface ClusterSetup {
  /** In words, without touching anything; empty when all is there. */
  missing(system: System): Promise<readonly string[]>;
  /** @throws MeshtaxError MT2001-MT2006. `say` announces each step before it is taken. */
  provide(system: System, say: (line: string) => void): Promise<void>;
}

export interface Cluster {
  readonly id: string;
  readonly title: string;
  readonly schema: z.ZodType<Selected>;
  /** What a run would create, in words, for `meshtax plan`. Touches nothing. */
  describe(experiment: Experiment): readonly string[];
  open(selected: Selected, system: System, options: OpenClusterOptions, undo: PushUndo): Promise<ClusterSession>;
  readonly setup?: ClusterSetup;
  /** Can it be used, and what will spoil its figures? Features are probed by trying them, not by version. */
  readonly doctor: readonly DoctorCheck[];
  /** Removes leftovers of runs, however they died, without any local state of theirs. */
  clean?(system: System, which: { readonly run: string | undefined; readonly force: boolean }): Promise<CleanReport>;
}
