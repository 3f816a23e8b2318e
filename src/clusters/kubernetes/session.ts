/** One run's stay on one or several contexts: deploys arms, starts generators in their client pods. */
import type { ClusterSession, GeneratorSession, HostInstruments } from '../../model/contracts/cluster.ts';
import type { Component, Deployment, PushUndo } from '../../model/contracts/deployment.ts';
import type { Datapath } from '../../model/contracts/datapath.ts';
import type { KubernetesPod, KubernetesSite, Pod, Side } from '../../model/contracts/kubernetes.ts';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Selected } from '../../model/experiment.ts';
import type { System } from '../../model/ports.ts';
import { ProcessGenerator, ReplyQueue } from '../generator-session.ts';
import type { Context } from './context.ts';
import { deploymentOf, type ArmState } from './deployment.ts';
import { FanOut } from './fan-out.ts';
import { untilGone } from './lease.ts';
import { GENERATOR_CONTAINER, nameOf, namespaceObjects, scriptAs, workloadObjects, type ArmPlace } from './manifests.ts';
import { armNamespace } from './names.ts';
import type { NodeAgents } from './node-agents.ts';
import { quantityOf } from './nodes.ts';
import { bindingOf, type KubernetesOptions } from './options.ts';
import { waitForPods } from './pods.ts';

/** Ports on the host's network must not meet those of others there, nor of another arm. */
const HOST_PORTS = { from: 28_000, perArm: 100 };

export interface SessionSetting {
  readonly system: System;
  readonly options: KubernetesOptions;
  readonly contexts: readonly Context[];
  readonly run: string;
  readonly bundle: string;
  /** By context; absent unless the experiment asks for them. */
  readonly nodeAgents: ReadonlyMap<string, NodeAgents>;
  readonly logDirectory: string;
  readonly facts: ClusterSession['facts'];
  readonly findings: ClusterSession['findings'];
}

export class KubernetesSession implements ClusterSession {
  /** Every arm has its own pods, hence its own generator: sockets are opened where the sidecar is. */
  readonly generators = 'in-pod';
  readonly provesEachBlock = true;
  readonly host: HostInstruments = {};
  readonly system: System;
  readonly #setting: SessionSetting;
  readonly #arms = new Map<Deployment, ArmState>();
  #deployed = 0;
  #started = 0;

  constructor(setting: SessionSetting) {
    this.#setting = setting;
    const { system, options } = setting;
    // The generator's machine is its container.
    const cpuCount = Math.max(1, Math.floor(quantityOf(options.resources.generator.cpu)));
    this.system = { ...system, host: { ...system.host, cpuCount } };
  }

  get facts() {
    return this.#setting.facts;
  }

  get findings() {
    return this.#setting.findings;
  }

  async deploy(datapath: Datapath, selected: Selected, servers: readonly ServerSpec[], undo: PushUndo): Promise<Deployment> {
    const { system, options, run, bundle } = this.#setting;
    if (!datapath.kubernetes) throw new MeshtaxError('MT1007', { datapath: datapath.id, cluster: 'kubernetes', available: 'lab' });
    const number = this.#deployed++;
    const context = this.#contextOf(selected.name);
    const { kubectl } = context;
    const shape = await datapath.kubernetes.shape(kubectl, selected.options);
    const namespace = armNamespace(run, number, selected.name);
    const place: ArmPlace = {
      run,
      arm: selected.name,
      namespace,
      shape,
      clientNodes: context.chosen.clients,
      serverNodes: context.chosen.servers,
      servers: shape.hostNetwork === true ? servers.map((spec) => onHost(spec, number)) : servers,
    };
    await untilGone(context, system.clock, namespace);
    undo(`namespace ${namespace}`, async () => void (await kubectl.deleteNamespaces([namespace])));
    await kubectl.apply(namespaceObjects(place, bundle));
    const hosts = place.serverNodes.map((_, index) => `${nameOf('server', index)}.${namespace}.svc.cluster.local`);
    const kit = { namespace, servers: place.servers, hosts, read: this.#read };
    const further = (await datapath.kubernetes.objects?.(kit, selected.options)) ?? [];
    await kubectl.apply([...further, ...workloadObjects(place, options)]);
    const wanted = {
      namespace,
      arm: selected.name,
      count: place.clientNodes.length + place.serverNodes.length,
      timeoutMs: options.readyTimeoutSeconds * 1000,
    };
    const pods = await waitForPods(kubectl, system.clock, wanted);
    for (const selector of shape.awaits ?? []) await waitForPods(kubectl, system.clock, { ...wanted, count: 1, selector });
    refuseWrongPlaces(pods, place, context.name, options);

    const site = await this.#siteOf(context, place, pods);
    const parts = await datapath.kubernetes.inspect(site, selected.options);
    if (parts.problems.length > 0)
      throw new MeshtaxError('MT5007', { arm: selected.name, context: context.name, problem: parts.problems.join('; ') });
    const state: ArmState = {
      setting: this.#setting,
      context,
      place,
      site,
      parts,
      seen: new Map(pods.map((pod) => [pod.metadata.name, pod])),
      notes: {},
    };
    const deployment = await deploymentOf(state);
    this.#arms.set(deployment, state);
    return deployment;
  }

  async startGenerator(inside: Deployment | undefined, undo: PushUndo): Promise<GeneratorSession> {
    const state = inside && this.#arms.get(inside);
    if (!state) throw new Error('on Kubernetes a generator lives in a client pod');
    const { clients } = state.site;
    const { hosts } = state.parts;
    const members = [];
    for (const [index, pod] of clients.entries())
      members.push({ session: await this.#startIn(state, pod, undo), host: hosts[index % hosts.length] as string });
    return FanOut.over(members, this.#setting.system.clock, (words) => (state.notes['generatorClocks'] = words));
  }

  async #startIn({ context }: ArmState, pod: KubernetesPod, undo: PushUndo): Promise<ProcessGenerator> {
    const logFile = `${this.#setting.logDirectory}/generator-${this.#started++}.log`;
    const replies = new ReplyQueue();
    let process: ReturnType<typeof context.kubectl.start> | undefined;
    undo(`the generator in ${pod.name}`, async () => process?.stop());
    process = context.kubectl.startIn(pod, GENERATOR_CONTAINER, scriptAs('generator'), { logFile, onLine: (line) => replies.push(line) });
    const component: Component = { role: 'generator', ended: () => (process?.outcome() ? `its stream to ${pod.name} broke` : undefined) };
    void process.ended.then(() => replies.fail(`its stream to ${pod.name} broke`));
    const session = new ProcessGenerator(component, process, replies, logFile);
    await session.ready();
    return session;
  }

  readonly #read = (file: string): Promise<string> => {
    const { files, host } = this.#setting.system;
    return files.readText(`${host.projectRoot}/clusters/kubernetes/${file}`);
  };

  #contextOf(arm: string): Context {
    const { contexts, options } = this.#setting;
    const { context } = bindingOf(options, arm);
    const found = contexts.find(({ name }) => name === context);
    if (!found) throw new Error(`the context ${context} was not opened`);
    return found;
  }

  async #siteOf(context: Context, place: ArmPlace, pods: readonly Pod[]): Promise<KubernetesSite> {
    const { kubectl } = context;
    const byName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
    const podOf = (side: KubernetesPod['side'], name: string): KubernetesPod => {
      const { spec, status } = byName.get(name) as Pod;
      return { side, namespace: place.namespace, name, node: spec.nodeName ?? '', address: status.podIP ?? '' };
    };
    const servers = place.serverNodes.map((_, index) => podOf('server', nameOf('server', index)));
    const services = servers.map(({ namespace, name }) =>
      kubectl.get<{ spec: { clusterIP: string } }>(`/api/v1/namespaces/${namespace}/services/${name}`),
    );
    return {
      arm: place.arm,
      api: kubectl,
      namespace: place.namespace,
      clients: place.clientNodes.map((_, index) => podOf('client', nameOf('client', index))),
      servers,
      serviceAddresses: (await Promise.all(services)).map(({ spec }) => spec.clusterIP),
      pods,
      relay: () => context.relay(),
    };
  }
}

function onHost(spec: ServerSpec, arm: number): ServerSpec {
  const port = HOST_PORTS.from + (arm % 20) * HOST_PORTS.perArm + (spec.containerPort % HOST_PORTS.perArm);
  return { ...spec, containerPort: port, servicePort: port };
}

/** A label that is on two nodes, or a scheduler of somebody's own: asked for is not the same as got. */
function refuseWrongPlaces(pods: readonly Pod[], place: ArmPlace, context: string, { qos }: KubernetesOptions): void {
  const named = (side: Side, nodes: readonly string[]) => nodes.map((node, index) => [nameOf(side, index), node] as const);
  const places = new Map([...named('client', place.clientNodes), ...named('server', place.serverNodes)]);
  for (const { metadata, spec, status } of pods) {
    const wanted = places.get(metadata.name);
    if (spec.nodeName !== wanted)
      throw new MeshtaxError('MT5005', { context, problem: `${metadata.name} of ${place.arm} is on ${spec.nodeName}, not on ${wanted}` });
    if (qos === 'guaranteed' && status.qosClass !== 'Guaranteed')
      throw new MeshtaxError('MT5005', {
        context,
        problem: `${metadata.name} of ${place.arm} is ${status.qosClass}, not Guaranteed: something in it has no limits`,
      });
  }
}
