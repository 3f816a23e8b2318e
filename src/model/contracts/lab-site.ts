/** What the lab hands to a datapath: two pods on their nodes, and the means to change them. */
import type { Component, Deployment, PathExpectation, PushUndo, Role } from './deployment.ts';
import type { EnvoyVersion } from '../envoy-builds.ts';
import type { CommandOptions, CommandResult, Files, LocalHttp } from '../ports.ts';
import type { ServerSpec } from './workload.ts';

export interface LabNode {
  readonly name: 'node-a' | 'node-b';
  readonly netns: string;
  readonly pods: readonly LabPod[];
  /** The wire to the other node; absent when both pods share one node. */
  readonly wire?: { readonly device: string; readonly address: string };
}

export interface LabPod {
  readonly name: 'client' | 'server';
  readonly netns: string;
  readonly address: string;
  readonly gateway: string;
  /** Device inside the pod and its peer in the node's namespace. */
  readonly device: string;
  readonly nodeDevice: string;
}

export interface LabSite {
  readonly arm: string;
  readonly placement: 'cross-node' | 'same-node';
  readonly client: LabPod;
  readonly server: LabPod;
  readonly nodes: readonly LabNode[];
  /** The cluster address of the service in front of the server pod. */
  readonly serviceAddress: string;
  readonly servers: readonly ServerSpec[];
  /** The arm's node in the unified cgroup hierarchy, for cgroup eBPF programs. */
  readonly unifiedCgroup: string;
  /** A directory of this arm's own on a bpf filesystem. */
  readonly pinDirectory: string;
  readonly tools: {
    /** Undefined: the one that is set up. */
    readonly envoy: (version?: EnvoyVersion) => Promise<string>;
    readonly bpfObjects: () => Promise<string>;
    /** The directory of the lab's compiled programs. */
    readonly programs: () => Promise<string>;
    readonly dataDirectory: string;
    /** The command that runs a file below src/. */
    node(file: string): readonly [string, ...string[]];
  };
  readonly files: Files;
  readonly http: LocalHttp;
  readonly undo: PushUndo;
  /** Run a command on the host, or inside a network namespace. */
  run(command: readonly [string, ...string[]], options?: CommandOptions & { readonly netns?: string }): Promise<CommandResult>;
  /** Start a component in its own cgroup inside a pod or node; `uid` drops privileges. */
  start(start: StartComponent): Promise<Component>;
  /** Root's directory for a component's configuration and sockets; by default (0700) for nobody else to pass through. */
  directory(name: string, mode?: number): Promise<string>;
  /** Gives it and the files in it to `uid`, once all is written: root writes nothing where another could put a link. */
  handOver(directory: string, uid: number): Promise<void>;
  /** Wait until `probe` says yes. @throws MeshtaxError MT3001 when the component ends or the time is over. */
  waitFor(component: Component, what: string, probe: () => Promise<boolean>): Promise<void>;
}

export interface StartComponent {
  readonly role: Role;
  readonly netns: string;
  readonly command: readonly [string, ...string[]];
  readonly uid?: number;
  readonly name?: string;
  /** Called for each line of its stdout. */
  readonly onLine?: (line: string) => void;
}

/** What a datapath adds to a deployment; the lab fills in the rest. */
export interface LabParts {
  readonly components: readonly Component[];
  readonly envoys: Deployment['envoys'];
  readonly bpfPrograms: Deployment['bpfPrograms'];
  /** Where its flows are read, when somebody observes it. */
  readonly hubble?: Deployment['hubble'];
  readonly expectations: readonly PathExpectation[];
  /** Facts worth storing with the run, such as how a program was attached. */
  readonly notes: Readonly<Record<string, string>>;
  pathCounters(): Promise<Readonly<Record<string, number>>>;
  /** Where the client connects to reach a workload. */
  address(server: ServerSpec): { readonly host: string; readonly port: number };
}

export interface LabDatapath {
  /** Client and server are processes of their nodes: they have no pods' namespaces. */
  readonly onNode?: boolean;
  /** What it changes about the server behind it; for calibration only. */
  server?(spec: ServerSpec, options: unknown): ServerSpec;
  /** Push the undo of each effect first; a failure half-way is undone by the caller. */
  deploy(site: LabSite, options: unknown): Promise<LabParts>;
}
