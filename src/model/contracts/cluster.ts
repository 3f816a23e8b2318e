/** A cluster: where a run happens. It deploys datapaths, starts generators and hands out what collectors read. */
import type { z } from 'zod';
import type { Experiment, Selected } from '../experiment.ts';
import type { Finding } from '../findings.ts';
import type { System } from '../ports.ts';
import type { DoctorCheck } from './check.ts';
import type { Datapath } from './datapath.ts';
import type { Component, Deployment, PushUndo } from './deployment.ts';
import type { ArmTarget, DialPlace, GeneratorCommand, LoadResult, MaskedArm, TimeWindow } from './generator.ts';
import type { ServerSpec } from './workload.ts';

/** A running generator process. */
export interface GeneratorSession {
  readonly component: Component;
  /** @throws MeshtaxError MT3008 when the process fails. Returns the connections opened. */
  connect(target: ArmTarget): Promise<number>;
  disconnect(arm: string): Promise<void>;
  load(command: DistributiveOmit<Extract<GeneratorCommand, { op: 'open-load' | 'closed-load' }>, 'id'>): Promise<LoadResult>;
  /** The last open load again, without the requests that became due inside a window. Windows are sorted and apart. */
  mask(windows: readonly TimeWindow[]): Promise<readonly MaskedArm[]>;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A time in which a CPU ran nothing of ours, CLOCK_MONOTONIC. */
export interface Stall {
  readonly cpu: number;
  readonly fromNs: number;
  readonly toNs: number;
}

export interface StallMeter {
  /** `ordinary`: without real-time rights it does not outrank the load, and may show the load's own doing. */
  readonly strength: 'real-time' | 'ordinary';
  /** Since it was last asked. */
  take(): Promise<readonly Stall[]>;
}

export interface SoakedCpu {
  readonly cpu: number;
  readonly wallNs: number;
  readonly takenNs: number;
  readonly ownNs: number;
  readonly stolenNs: number;
}

/** Idle-priority threads that see what everything else takes of each CPU. */
export interface IdleSoaker {
  start(): Promise<void>;
  /** `takenNs`: by anything of this machine. `stolenNs`: by the hypervisor. `ownNs`: what the kernel charged to the idle thread itself. */
  stop(): Promise<readonly SoakedCpu[]>;
}

/** What watches the machine itself; absent where nothing can. */
export interface HostInstruments {
  readonly stallMeter?: StallMeter;
  readonly soaker?: IdleSoaker;
  readonly strangers?: Strangers;
  /** The generator has no CPUs of its own: one that polls would take them from the datapaths. */
  readonly sharesCpus?: boolean;
}

/** Everything on this machine that does not belong to the run. */
export interface Strangers {
  /** Of tasks, since boot, by group; a group may come and go. */
  cpuNsByGroup(): Promise<ReadonlyMap<string, number>>;
}

/** A server on its own CPU that writes down how long it really held each request. */
export interface TruthServer {
  readonly dial: DialPlace;
  /** Service times since the last call, sorted, ns. */
  takeRecord(): Promise<readonly number[]>;
}

/** What calibration needs: servers that can be trusted, and other tools beside them to compare with. */
export interface Bench {
  /** `protocol`, then what clusters/lab/programs/truth-server.c documents. */
  startTruthServer(args: readonly string[], undo: PushUndo): Promise<TruthServer>;
  /** A tool where the truth server is, alone on the generator's CPU; undefined when it is not installed. */
  runTool(
    command: readonly [string, ...string[]],
    undo: PushUndo,
  ): Promise<{ readonly stdout: string; readonly cpuNs: number } | undefined>;
  /** Keep a generator on one CPU, apart from the truth server. */
  keepApart(generator: GeneratorSession): Promise<void>;
  cpuNs(component: Component): Promise<number>;
}

export interface ClusterSession {
  /** What the measurements depend on and the run directory records. No host name, user or path. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly findings: readonly Finding[];
  readonly host: HostInstruments;
  /** All of its cAdvisor figures on one page, where it has an exporter of its own. */
  readonly cadvisorPage?: (() => Promise<string>) | undefined;
  /** Where the tool can be calibrated. */
  readonly bench?: Bench;
  /** What collectors read from; default: the machine that meshtax runs on. */
  readonly system?: System;
  /** `in-pod`: no process can open sockets in all client pods, so each arm has a generator of its own. */
  readonly generators?: 'in-pod';
  /** The path can change under a deployment: it is proven again before each block. */
  readonly provesEachBlock?: boolean;
  deploy(datapath: Datapath, selected: Selected, servers: readonly ServerSpec[], undo: PushUndo): Promise<Deployment>;
  /** `inside`: the deployment in whose client pod the process lives; undefined for a process shared by all. */
  startGenerator(inside: Deployment | undefined, undo: PushUndo): Promise<GeneratorSession>;
}

export interface OpenClusterOptions {
  readonly runId: string;
  readonly logDirectory: string;
  readonly allowConcurrent: boolean;
  /** What a run is going to do there; a cluster that is opened for something else needs none. */
  readonly intent?: RunIntent;
}

export interface RunIntent {
  readonly experiment: Experiment;
  readonly datapaths: readonly Datapath[];
  /** The user has said that this cluster may be changed. */
  readonly confirmed: boolean;
}

export interface CleanRequest {
  /** Undefined: of all runs. */
  readonly run: string | undefined;
  readonly force: boolean;
  readonly place: string | undefined;
  /** How long something that ends by itself is waited for. */
  readonly waitMs: number;
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
  /** Further versions of a component, for experiments that compare them. @throws MeshtaxError MT1005 for an unknown one. */
  provideVersion?(system: System, say: (line: string) => void, version: string): Promise<void>;
  /** What only benches or tests want, where the system's package manager has it. */
  provideTools?(system: System, say: (line: string) => void, purpose: 'bench' | 'test'): Promise<void>;
}

export interface Cluster {
  readonly id: string;
  readonly title: string;
  readonly schema: z.ZodType<Selected>;
  /** What a run would create, in words, for `meshtax plan`. Touches nothing. */
  describe(experiment: Experiment, datapaths: readonly Datapath[]): readonly string[];
  /** Where datapaths live on several clusters: the baseline of each that is not compared with the experiment's. */
  baselines?(selected: Selected): Readonly<Record<string, string>>;
  /** False: each datapath has a generator of its own, in its own pods. */
  readonly drivesTogether?: boolean;
  /** False: CPU needs windows of a minute there, and a ladder of short ones would show nothing. */
  readsCpuAtAnyMoment?(selected: Selected): boolean;
  /** Its entry in an experiment when nothing but its place is given. */
  readonly at?: (place: string) => unknown;
  open(selected: Selected, system: System, options: OpenClusterOptions, undo: PushUndo): Promise<ClusterSession>;
  readonly setup?: ClusterSetup;
  /** Can it be used, and what will spoil its figures? Features are probed by trying them, not by version. */
  readonly doctor: readonly DoctorCheck[];
  /** The same for a cluster that has a place (a context), with findings that no list can name before. */
  examine?(system: System, place: string): Promise<readonly Finding[]>;
  /** Removes leftovers of runs, however they died, without any local state of theirs. */
  clean?(system: System, which: CleanRequest): Promise<CleanReport>;
  /** A folder of this process that `clean` removes, with what is mounted below, should the process die before its undo. */
  scratch?(system: System, undo: PushUndo): Promise<string>;
}
