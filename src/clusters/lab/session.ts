/** One run's stay in the lab: deploys arms, starts generators, hands out what collectors read. */
import type { ClusterSession, GeneratorSession, HostInstruments } from '../../model/contracts/cluster.ts';
import type { Component, Deployment, PushUndo } from '../../model/contracts/deployment.ts';
import type { Datapath } from '../../model/contracts/datapath.ts';
import type { ArmTarget } from '../../model/contracts/generator.ts';
import type { LabSite } from '../../model/contracts/lab-site.ts';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Selected } from '../../model/experiment.ts';
import type { System } from '../../model/ports.ts';
import { WORKER_UID } from '../../model/uids.ts';
import { Exporter } from './cadvisor/exporter.ts';
import { findCompiled, labPrograms } from './compiled.ts';
import type { Cgroups } from './cgroups.ts';
import { startComponent } from './component.ts';
import { Dialers } from './dialers.ts';
import type { Facts } from './facts.ts';
import { labBench } from './bench.ts';
import { ProcessGenerator, ReplyQueue } from '../generator-session.ts';
import { startMeters } from './meters.ts';
import { CGROUP_ROOT } from './names.ts';
import { deleteNamespace } from './namespaces.ts';
import type { Program } from './program.ts';
import { openArm, siteOf, startIn, type Arm } from './site.ts';

export interface LabSetting {
  readonly system: System;
  readonly cgroups: Cgroups;
  readonly run: string;
  readonly program: Program;
  readonly placement: 'cross-node' | 'same-node';
  readonly cadvisorIntervalMs: number;
  readonly logDirectory: string;
  readonly facts: Facts;
  readonly findings: ClusterSession['findings'];
  /** CPU lists where there are enough CPUs to keep the generator apart. */
  readonly cpus: { readonly generator: string; readonly rest: string } | undefined;
}

export class LabSession implements ClusterSession {
  readonly #lab: LabSetting;
  /** Where each arm's client pod is: a generator inside it must be in its cgroup too, for the programs attached there. */
  readonly #clients = new Map<Deployment, { readonly netns: string; readonly cgroupPath: string }>();
  readonly #dialers = new Dialers();
  #host: HostInstruments = {};
  #exporter: Exporter | undefined;
  #harness = '';
  #arms = 0;
  #generators = 0;

  constructor(lab: LabSetting) {
    this.#lab = lab;
  }

  get facts() {
    return this.#lab.facts;
  }

  get findings() {
    return this.#lab.findings;
  }

  get bench() {
    return labBench(this.#lab, this.#harness);
  }

  get cadvisorPage() {
    return this.#exporter?.page;
  }

  get host() {
    return this.#host;
  }

  /** In cgroups of their own, so that nothing of theirs is charged to a datapath. */
  async startMeters(undo: PushUndo): Promise<void> {
    const { system, cgroups, run, logDirectory, cpus } = this.#lab;
    const programs = await findCompiled(system, labPrograms);
    const netns = await this.#openHarness(undo);
    const meters = await startMeters(async (name, onLine) => {
      const cgroupPath = `${CGROUP_ROOT}/${run}/${name}`;
      const command = [`${programs}/${name}`] as const;
      const logFile = `${logDirectory}/${name}.log`;
      // Real-time priority, and memory that is never paged out.
      const capabilities = name === 'stall-meter' ? ['sys_nice', 'ipc_lock'] : [];
      const spec = { role: 'meter' as const, name, cgroupPath, netns, command, uid: WORKER_UID, capabilities, logFile, onLine };
      const { process } = await startComponent(system, cgroups, spec, undo);
      if (name === 'idle-soaker') await cgroups.makeIdle(cgroupPath);
      return process;
    });
    const strangers = { cpuNsByGroup: () => cgroups.cpuNsOutside(CGROUP_ROOT, run) };
    const areSeen = await cgroups.holdsEverybody((pid) => isProgram(system, pid));
    this.#host = { ...meters, ...(areSeen ? { strangers } : {}), sharesCpus: cpus === undefined };
    this.#exporter = await Exporter.start(this.#lab, netns, undo);
  }

  async deploy(datapath: Datapath, selected: Selected, servers: readonly ServerSpec[], undo: PushUndo): Promise<Deployment> {
    if (!datapath.lab) throw new MeshtaxError('MT1007', { datapath: datapath.id, cluster: 'lab', available: 'none of this version' });
    const arm = await openArm(this.#lab, this.#arms++, selected.name, undo);
    const { topology } = arm;
    const site = siteOf(
      arm,
      servers.map((spec) => datapath.lab?.server?.(spec, selected.options) ?? spec),
    );
    const places = datapath.lab.onNode === true ? nodesOf(site) : site;
    const server = await this.#startServer(arm, site, places.server.netns);
    const parts = await datapath.lab.deploy(site, selected.options);
    const through = await this.#startDialer(arm, places.client.netns, undo);

    const deployment: Deployment = {
      arm: selected.name,
      features: datapath.features(selected.options),
      components: [server, ...parts.components],
      envoys: parts.envoys,
      bpfPrograms: parts.bpfPrograms,
      hubble: parts.hubble,
      cadvisor: this.#exporter ? [await this.#exporter.show(arm.containers, undo)] : [],
      links: [topology.client, topology.server].map((pod) => ({
        name: pod.name,
        enter: ['nsenter', `--net=/run/netns/${pod.netns}`, '--'],
        device: pod.device,
      })),
      expectations: parts.expectations,
      notes: parts.notes,
      logDirectory: arm.logs,
      pathCounters: () => parts.pathCounters(),
      target: (spec, engine, connections): ArmTarget => ({
        arm: selected.name,
        engine,
        dial: { through, ...parts.address(spec) },
        connections,
        requestBytes: spec.requestBytes,
        responseBytes: spec.responseBytes,
      }),
    };
    this.#clients.set(deployment, { netns: places.client.netns, cgroupPath: `${arm.cgroup}/client` });
    return deployment;
  }

  async startGenerator(inside: Deployment | undefined, undo: PushUndo): Promise<GeneratorSession> {
    const { system, cgroups, run, logDirectory, cpus } = this.#lab;
    const number = this.#generators++;
    const place = inside === undefined ? undefined : this.#clients.get(inside);
    const netns = place?.netns ?? this.#harness;
    const logFile = `${logDirectory}/generator-${number}.log`;
    const replies = new ReplyQueue();
    const component = await startComponent(
      system,
      cgroups,
      {
        role: 'generator',
        name: 'the generator',
        cgroupPath: `${place?.cgroupPath ?? `${CGROUP_ROOT}/${run}`}/generator-${number}`,
        netns,
        command: this.#lab.program('generator'),
        uid: WORKER_UID,
        onMessage: (message) => this.#dialers.ask(component.process, message),
        logFile,
        cpus: cpus?.generator,
        onLine: (line) => replies.push(line),
      },
      undo,
    );
    void component.process.ended.then(() => replies.fail(`the process ended (${component.ended()})`));
    const session = new ProcessGenerator(component, component.process, replies, logFile);
    await session.ready();
    return session;
  }

  /** Where everything lives that belongs to no arm: the shared generator, the meters, the bench. */
  async #openHarness(undo: PushUndo): Promise<string> {
    const { processes } = this.#lab.system;
    const name = `mt-${this.#lab.run}-${this.#arms++}-harness`;
    undo('the harness namespace', () => deleteNamespace(processes, name));
    await processes.run(['ip', 'netns', 'add', name]);
    await processes.run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
    this.#harness = name;
    return name;
  }

  /** In the client's pod, for as long as the deployment lasts; returns its name. */
  async #startDialer({ cgroup, logs }: Arm, netns: string, undo: PushUndo): Promise<string> {
    const { system, cgroups, program } = this.#lab;
    const cgroupPath = `${cgroup}/client/client-dialer`;
    const { process } = await startComponent(
      system,
      cgroups,
      {
        role: 'meter',
        name: 'client-dialer',
        cgroupPath,
        netns,
        command: program('dialer'),
        uid: WORKER_UID,
        logFile: `${logs}/client-dialer.log`,
        onMessage: (message, socket) => this.#dialers.hear(message, socket),
      },
      undo,
    );
    this.#dialers.add(cgroupPath, process);
    return cgroupPath;
  }

  async #startServer(arm: Arm, site: LabSite, netns: string): Promise<Component> {
    const address = '0.0.0.0'; // also the loopback: a sidecar in the pod connects from there
    let ready = false;
    const server = await startIn(arm, {
      role: 'server-app',
      netns,
      command: this.#lab.program('server', JSON.stringify({ address, servers: site.servers })),
      uid: WORKER_UID,
      onLine: (line) => {
        ready ||= line === 'ready';
      },
    });
    await site.waitFor(server, 'listening', async () => ready);
    return server;
  }
}

/** The nodes that the two pods are on. */
function nodesOf({ nodes, client, server }: LabSite) {
  const nodeOf = (pod: LabSite['client']) => nodes.find(({ pods }) => pods.some(({ name }) => name === pod.name)) ?? pod;
  return { client: nodeOf(client), server: nodeOf(server) };
}

/** Threads of the kernel have no command line. */
async function isProgram({ files }: System, pid: string): Promise<boolean> {
  return ((await files.readTextIfAny(`/proc/${pid}/cmdline`).catch(() => undefined)) ?? '') !== '';
}
