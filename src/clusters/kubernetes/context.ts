/** One context of a run: its API, its nodes, the clocks of its pods, what is observed there. */
import type { CadvisorSource } from '../../model/contracts/cadvisor.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { HubbleView } from '../../model/contracts/hubble.ts';
import type { System } from '../../model/ports.ts';
import { Kubectl } from './kubectl.ts';
import { chooseNodes, nodesOf, shapesOf, type Chosen, type Node } from './nodes.ts';
import type { Binding, KubernetesOptions } from './options.ts';
import { PortForward } from './port-forward.ts';

/** The kubelet's housekeeping (pkg/kubelet/cadvisor/cadvisor_linux.go: 10 s, jittered to 15). */
const HOUSEKEEPING_MS = 10_000;
/** Until it is measured: NTP keeps nodes well within. */
const CLOCK_ERROR_MS = 100;
const RELAY = { namespace: 'kube-system', name: 'hubble-relay' } as const;

export class Context {
  readonly kubectl: Kubectl;
  readonly binding: Binding;
  nodes: readonly Node[];
  #chosen: Chosen | undefined;
  readonly version: string;
  readonly #system: System;
  readonly #directory: string;
  /** Of the run: what is made once serves all of its deployments. */
  readonly #undo: PushUndo;
  readonly #sources = new Map<string, CadvisorSource>();
  #relay: Promise<string | undefined> | undefined;

  private constructor(
    system: System,
    directory: string,
    kubectl: Kubectl,
    binding: Binding,
    nodes: readonly Node[],
    version: string,
    undo: PushUndo,
  ) {
    this.#system = system;
    this.#directory = directory;
    this.kubectl = kubectl;
    this.binding = binding;
    this.nodes = nodes;
    this.version = version;
    this.#undo = undo;
  }

  static async open(system: System, directory: string, binding: Binding, options: KubernetesOptions, undo: PushUndo): Promise<Context> {
    const { context, kubeconfig } = binding;
    const kubectl = await Kubectl.open(system, { context, kubeconfig, requestsPerSecond: options.requestsPerSecond }, directory, undo);
    const nodes = await nodesOf(kubectl);
    const { gitVersion } = await kubectl.get<{ gitVersion: string }>('/version');
    return new Context(system, directory, kubectl, binding, nodes, gitVersion, undo);
  }

  get chosen(): Chosen {
    if (!this.#chosen) throw new Error(`no nodes of ${this.name} were chosen`);
    return this.#chosen;
  }

  /**
   * After meshes are installed: without a network plugin no node is ready. `patienceMs`: for nodes to become so.
   * @throws MeshtaxError MT5005.
   */
  async choose(options: KubernetesOptions, patienceMs: number): Promise<void> {
    const { clock } = this.#system;
    for (const deadlineNs = clock.monotonicNs() + patienceMs * 1e6; ; await clock.sleep(2000)) {
      this.nodes = await nodesOf(this.kubectl);
      try {
        this.#chosen = chooseNodes(this.nodes, this.binding.nodes, options, this.name);
        return;
      } catch (error) {
        if (clock.monotonicNs() >= deadlineNs) throw error;
      }
    }
  }

  get name(): string {
    return this.binding.context;
  }

  /** What a run directory records of it. */
  facts(prefix: string): Record<string, string | number> {
    const first = this.nodes[0]?.status.nodeInfo;
    return {
      [`${prefix}kubernetes`]: this.version,
      [`${prefix}nodes`]: this.nodes.length,
      [`${prefix}nodeShapes`]: shapesOf(this.nodes).join(' | '),
      [`${prefix}kernel`]: first?.kernelVersion ?? '',
      [`${prefix}machines`]: this.machinesOf(this.nodes.map(({ metadata }) => metadata.name)).length,
      [`${prefix}containerRuntime`]: first?.containerRuntimeVersion ?? '',
    };
  }

  /** A node's own, inside the cluster. */
  addressOf(node: string): string {
    const addresses = this.nodes.find(({ metadata }) => metadata.name === node)?.status.addresses ?? [];
    return addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
  }

  /** One source a node, scraped once for all arms. */
  cadvisor(node: string): CadvisorSource {
    return this.#source(`/api/v1/nodes/${node}/proxy/metrics/cadvisor`);
  }

  /** The kubelet's page of whole-node figures. */
  resources(node: string): CadvisorSource {
    return this.#source(`/api/v1/nodes/${node}/proxy/metrics/resource`);
  }

  #source(path: string): CadvisorSource {
    const known = this.#sources.get(path);
    if (known) return known;
    const source = { housekeepingMs: HOUSEKEEPING_MS, where: path, clockErrorMs: CLOCK_ERROR_MS, scrape: () => this.kubectl.text(path) };
    this.#sources.set(path, source);
    return source;
  }

  /** Nodes that share a kernel are one machine, however many kubelets it has. */
  machinesOf(names: readonly string[]): string[] {
    const byBoot = new Map(
      names.map((name) => [this.nodes.find(({ metadata }) => metadata.name === name)?.status.nodeInfo.bootID ?? name, name]),
    );
    return [...byBoot.values()];
  }

  /** Where Hubble Relay is reached from here; undefined when there is none. Asked for the first time, it makes the way. */
  relay(): Promise<string | undefined> {
    this.#relay ??= this.#openRelay();
    return this.#relay;
  }

  async relayTls(): Promise<HubbleView['tls']> {
    const tls = this.binding.hubble?.tls;
    if (!tls) return undefined;
    const read = async (file: string | undefined) => (file === undefined ? undefined : this.#system.files.readText(file));
    const [authority = '', certificate, key] = [await read(tls.authority), await read(tls.certificate), await read(tls.key)];
    return {
      authority,
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    };
  }

  async #openRelay(): Promise<string | undefined> {
    if (this.binding.hubble) return this.binding.hubble.address;
    const service = await this.kubectl.find<{ spec: { ports: readonly { port: number }[] } }>(
      `/api/v1/namespaces/${RELAY.namespace}/services/${RELAY.name}`,
    );
    const port = service?.spec.ports[0]?.port;
    if (port === undefined) return undefined;
    const forward = new PortForward(
      this.kubectl,
      this.#system.clock,
      { namespace: RELAY.namespace, name: `svc/${RELAY.name}`, port },
      `${this.#directory}/relay.log`,
    );
    return `127.0.0.1:${await forward.open(this.#undo)}`;
  }
}
