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
import { bpfPrograms, findCompiled, meterPrograms } from './compiled.ts';
import type { Cgroups } from './cgroups.ts';
import { createCgroup, enterPrefix, startComponent } from './component.ts';
import { findEnvoy } from './envoy-binary.ts';
import type { Facts } from './facts.ts';
import { labBench } from './bench.ts';
import { LabGenerator, ReplyQueue } from './generator-session.ts';
import { stateDirectory } from './lease.ts';
import { startMeters } from './meters.ts';
import { CGROUP_ROOT } from './names.ts';
import { buildTopology, planTopology, SERVICE_ADDRESS, type Topology } from './topology.ts';

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 25;

export interface LabSetting {
  readonly system: System;
  readonly cgroups: Cgroups;
  readonly run: string;
  readonly placement: 'cross-node' | 'same-node';
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
  #host: HostInstruments = {};
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

  get host() {
    return this.#host;
  }

  /** In cgroups of their own, so that nothing of theirs is charged to a datapath. */
  async startMeters(undo: PushUndo): Promise<void> {
    const { system, cgroups, run, logDirectory } = this.#lab;
    const programs = await findCompiled(system, meterPrograms);
    const netns = await this.#openHarness(undo);
    this.#host = await startMeters(async (name, onLine) => {
      const cgroupPath = `${CGROUP_ROOT}/${run}/${name}`;
      const command = [`${programs}/${name}`] as const;
      const spec = { role: 'meter' as const, name, cgroupPath, netns, command, logFile: `${logDirectory}/${name}.log`, onLine };
      const { process } = await startComponent(system, cgroups, spec, undo);
      if (name === 'idle-soaker') await cgroups.makeIdle(cgroupPath);
      return process;
    });
  }

  async deploy(datapath: Datapath, selected: Selected, servers: readonly ServerSpec[], undo: PushUndo): Promise<Deployment> {
    if (!datapath.lab) throw new MeshtaxError('MT1007', { datapath: datapath.id, cluster: 'lab', available: 'none of this version' });
    const { system, cgroups, run, placement, logDirectory } = this.#lab;
    const number = this.#arms++;
    const topology = planTopology(run, number, placement);
    const armCgroup = `${CGROUP_ROOT}/${run}/${number}`;
    const armLogs = `${logDirectory}/${String(number).padStart(3, '0')}-${selected.name}`;
    await system.files.makeDirectory(armLogs);
    await createCgroup(cgroups, { cgroupPath: armCgroup }, undo);
    await buildTopology(topology, system.processes, undo);

    const ownServers = servers.map((spec) => datapath.lab?.server?.(spec, selected.options) ?? spec);
    const site = this.#site(selected.name, topology, armCgroup, armLogs, ownServers, number, undo);
    const server = await this.#startServer(site, armLogs);
    const parts = await datapath.lab.deploy(site, selected.options);
    await createCgroup(cgroups, { cgroupPath: `${armCgroup}/client-dialer` }, undo);

    const deployment: Deployment = {
      arm: selected.name,
      features: datapath.features(selected.options),
      components: [server, ...parts.components],
      envoys: parts.envoys,
      bpfPrograms: parts.bpfPrograms,
      links: [topology.client, topology.server].map((pod) => ({
        name: pod.name,
        enter: ['nsenter', `--net=/run/netns/${pod.netns}`, '--'],
        device: pod.device,
      })),
      expectations: parts.expectations,
      notes: parts.notes,
      logDirectory: armLogs,
      pathCounters: () => parts.pathCounters(),
      target: (spec, engine, connections): ArmTarget => ({
        arm: selected.name,
        engine,
        dial: {
          enter: enterPrefix(system, topology.client.netns, cgroups.procsFiles(`${armCgroup}/client-dialer`)),
          ...parts.address(spec),
        },
        connections,
        requestBytes: spec.requestBytes,
        responseBytes: spec.responseBytes,
      }),
    };
    this.#clients.set(deployment, { netns: topology.client.netns, cgroupPath: armCgroup });
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
        command: [system.host.nodeBinary, '--no-warnings', `${system.host.projectRoot}/src/generators/process/main.ts`],
        logFile,
        cpus: cpus?.generator,
        onLine: (line) => replies.push(line),
      },
      undo,
    );
    void component.process.ended.then(() => replies.fail(`the process ended (${component.ended()})`));
    const session = new LabGenerator(component, replies, logFile);
    await session.ready();
    return session;
  }

  /** Where everything lives that belongs to no arm: the shared generator, the meters, the bench. */
  async #openHarness(undo: PushUndo): Promise<string> {
    const { processes } = this.#lab.system;
    const name = `mt-${this.#lab.run}-${this.#arms++}-harness`;
    undo('the harness namespace', async () => void (await processes.run(['ip', 'netns', 'del', name], { mayFail: true })));
    await processes.run(['ip', 'netns', 'add', name]);
    await processes.run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
    this.#harness = name;
    return name;
  }

  async #startServer(site: LabSite, logs: string): Promise<Component> {
    const { system, cgroups, cpus } = this.#lab;
    const address = '0.0.0.0'; // also the loopback: a sidecar in the pod connects from there
    let ready = false;
    const server = await startComponent(
      system,
      cgroups,
      {
        role: 'server-app',
        name: 'the workload server',
        cgroupPath: `${site.unifiedCgroup.slice(cgroups.layout.unified.length + 1)}/server-app`,
        netns: site.server.netns,
        command: [
          system.host.nodeBinary,
          '--no-warnings',
          `${system.host.projectRoot}/src/workloads/server/main.ts`,
          JSON.stringify({ address, servers: site.servers }),
        ],
        logFile: `${logs}/server-app.log`,
        cpus: cpus?.rest,
        onLine: (line) => {
          ready ||= line === 'ready';
        },
      },
      site.undo,
    );
    await site.waitFor(server, 'listening', async () => ready);
    return server;
  }

  #site(
    arm: string,
    topology: Topology,
    armCgroup: string,
    logs: string,
    servers: readonly ServerSpec[],
    number: number,
    undo: PushUndo,
  ): LabSite {
    const { system, cgroups, run, placement, cpus } = this.#lab;
    const state = `${stateDirectory(run)}/${number}`;
    return {
      arm,
      placement,
      ...topology,
      serviceAddress: SERVICE_ADDRESS,
      servers,
      unifiedCgroup: cgroups.unified(armCgroup),
      pinDirectory: `${stateDirectory(run)}/bpf/${number}`,
      tools: {
        envoy: () => findEnvoy(system),
        bpfObjects: () => findCompiled(system, bpfPrograms),
        dataDirectory: `${system.host.projectRoot}/clusters/lab`,
      },
      files: system.files,
      http: system.http,
      undo,
      run: (command, options = {}) => {
        const { netns, ...others } = options;
        return system.processes.run(netns === undefined ? command : ['nsenter', `--net=/run/netns/${netns}`, '--', ...command], others);
      },
      start: (start) =>
        startComponent(
          system,
          cgroups,
          {
            ...start,
            name: start.name ?? start.role,
            cgroupPath: `${armCgroup}/${start.role}`,
            logFile: `${logs}/${start.name ?? start.role}.log`,
            cpus: cpus?.rest,
          },
          undo,
        ),
      directory: async (name, uid) => {
        const directory = `${state}/${name}`;
        await system.files.makeDirectory(state, { mode: 0o711 });
        await system.files.makeDirectory(directory, { mode: 0o700 });
        if (uid !== undefined) await system.files.changeOwner(directory, uid, uid);
        return directory;
      },
      waitFor: (component, what, probe) => waitFor(system, arm, component, what, probe, logs),
    };
  }
}

async function waitFor(
  system: System,
  arm: string,
  component: Component,
  what: string,
  probe: () => Promise<boolean>,
  log: string,
): Promise<void> {
  const deadline = system.clock.monotonicNs() + READY_TIMEOUT_MS * 1e6;
  for (;;) {
    const ended = component.ended();
    if (ended !== undefined) {
      const words = await lastLogLine(system, `${log}/${component.role}.log`);
      if (ended === 'exit code 98')
        throw new MeshtaxError('MT3004', {
          port: words.match(/:(\d+)\s*$/)?.[1] ?? 'of the workload',
          place: `the ${component.role} of ${arm}`,
        });
      throw new MeshtaxError('MT3001', {
        component: component.role,
        arm,
        problem: `it ended with ${ended}${words === '' ? '' : `: ${words}`}`,
        log,
      });
    }
    if (await probe().catch(() => false)) return;
    if (system.clock.monotonicNs() > deadline)
      throw new MeshtaxError('MT3001', {
        component: component.role,
        arm,
        problem: `it was not ${what} after ${READY_TIMEOUT_MS / 1000} s`,
        log,
      });
    await system.clock.sleep(POLL_MS);
  }
}

async function lastLogLine(system: System, path: string): Promise<string> {
  const text = (await system.files.readTextIfAny(path)) ?? '';
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
