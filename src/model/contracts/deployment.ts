/** A deployed datapath as others see it: what runs, what can be read, what proves the path. */
import type { Features } from '../features.ts';
import type { CadvisorView } from './cadvisor.ts';
import type { ArmTarget } from './generator.ts';
import type { HubbleView } from './hubble.ts';
import type { ServerSpec } from './workload.ts';

/** Registers how an effect is undone, before it happens. */
export type PushUndo = (title: string, undo: () => Promise<void>) => void;

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
  readonly cadvisor: readonly CadvisorView[];
  readonly hubble?: HubbleView | undefined;
  readonly links: readonly { readonly name: string; readonly enter: readonly string[]; readonly device: string }[];
  readonly expectations: readonly PathExpectation[];
  readonly notes: Readonly<Record<string, string>>;
  readonly logDirectory: string;
  pathCounters(): Promise<Readonly<Record<string, number>>>;
  target(server: ServerSpec, engine: string, connections: number): ArmTarget;
}
