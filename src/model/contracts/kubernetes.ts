/** What a Kubernetes cluster hands to a datapath: its pods, and the means to look at the cluster around them. */
import type { Features } from '../features.ts';
import type { CommandResult } from '../ports.ts';
import type { OwnMetrics, PathExpectation, Role } from './deployment.ts';
import type { ServerSpec } from './workload.ts';

/** An object as the API takes it; what is inside is data and goes out as JSON. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Reads of one context. Every one counts against the stated rate of requests. */
export interface KubernetesApi {
  readonly context: string;
  /** @throws MeshtaxError MT5003 unless the answer is 200. */
  get<T = unknown>(path: string): Promise<T>;
  /** Undefined: there is no such object, or no such kind. */
  find<T = unknown>(path: string): Promise<T | undefined>;
  text(path: string, timeoutMs?: number): Promise<string>;
  exec(pod: { readonly namespace: string; readonly name: string }, container: string, command: readonly string[]): Promise<CommandResult>;
}

/** Of a pod, as the API has it. */
export interface ContainerStatus {
  readonly name: string;
  /** `containerd://<id>`. */
  readonly containerID?: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
  };
}

/** As the API has it. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers: readonly { readonly name: string }[];
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[];
  };
  readonly status: {
    readonly phase: string;
    readonly qosClass?: string;
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export type Side = 'client' | 'server';

/** How a datapath wants its pods to be; all of it is merged into what every pod of ours has. */
export interface PodShape {
  readonly hostNetwork?: boolean;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Pods that somebody else makes in the arm's namespace, by label selector: waited for until they are ready. */
  readonly awaits?: readonly string[];
  /** A container of these names that somebody else puts into the pod (a sidecar), and whose proxy it is. */
  readonly injected?: { readonly container: string; readonly sides: readonly Side[] };
}

export interface KubernetesPod {
  readonly side: Side;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

export interface KubernetesSite {
  readonly arm: string;
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly clients: readonly KubernetesPod[];
  /** Client i asks server i modulo their number: pairs of nodes that work at the same time. */
  readonly servers: readonly KubernetesPod[];
  /** Of each server's own service. */
  readonly serviceAddresses: readonly string[];
  /** Clients and servers, as they were when they had become ready. */
  readonly pods: readonly Pod[];
  /** Where flows are asked for, when somebody observes them: a gRPC target of this machine. */
  relay(): Promise<string | undefined>;
}

export function podsOf({ clients, servers }: KubernetesSite): readonly KubernetesPod[] {
  return [...clients, ...servers];
}

/** What a datapath adds to a deployment, as the cluster reports it: not as it was asked for. */
export interface KubernetesParts {
  readonly features: Features;
  /** Why the traffic cannot be on this datapath; nothing is measured then. */
  readonly problems: readonly string[];
  readonly expectations: readonly PathExpectation[];
  /** `pods`: the site's, as they are now. */
  pathCounters(pods: readonly Pod[]): Promise<Readonly<Record<string, number>>>;
  /** Where each server is asked: at its service, or at its pod. */
  readonly hosts: readonly string[];
  readonly port: 'servicePort' | 'containerPort';
  /** Containers besides ours whose CPU and memory this datapath costs: sidecars, node proxies, agents, control planes. */
  readonly containers: readonly {
    readonly role: Role;
    readonly node: string;
    readonly namespace: string;
    readonly pod: string;
    readonly container: string;
  }[];
  /** What its proxies and agents say of themselves. */
  readonly ownMetrics?: readonly OwnMetrics[];
  readonly observed: boolean;
  readonly notes: Readonly<Record<string, string>>;
}

/** A chart that brings a mesh, and the values it gets: data under clusters/kubernetes/<datapath>/. */
export interface MeshRelease {
  readonly release: string;
  readonly namespace: string;
  /** Key under `charts` of the cluster's options, with a public repository as its default. */
  readonly chart: string;
  readonly version: string;
  /** Below clusters/kubernetes/. */
  readonly values: string;
}

/** What manifests are made from. */
export interface ManifestKit {
  readonly namespace: string;
  readonly servers: readonly ServerSpec[];
  /** Names of the servers' services. */
  readonly hosts: readonly string[];
  /** A file below clusters/kubernetes/. */
  read(file: string): Promise<string>;
}

export interface KubernetesDatapath {
  /** What is installed when the experiment says `mode: install`, in this order. */
  releases?(options: unknown): readonly MeshRelease[];
  /** Before the pods exist: what they must look like, given what the cluster has. */
  shape(api: KubernetesApi, options: unknown): Promise<PodShape>;
  /** What it makes besides, in words, for `meshtax plan`. */
  creates?(options: unknown): readonly string[];
  /** Further objects in the arm's namespace, applied before the pods. */
  objects?(kit: ManifestKit, options: unknown): Promise<readonly KubernetesObject[]>;
  /** The pods are ready: what are they on? */
  inspect(site: KubernetesSite, options: unknown): Promise<KubernetesParts>;
}
