/** One arm's place in the lab: its pods and nodes, and the means that a datapath has to change them. */
import type { Component, PushUndo } from '../../model/contracts/deployment.ts';
import type { LabSite, StartComponent } from '../../model/contracts/lab-site.ts';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';
import { WORKER_UID } from '../../model/uids.ts';
import type { WatchedContainer } from './cadvisor/reading.ts';
import { bpfPrograms, findCompiled, labPrograms } from './compiled.ts';
import { createCgroup, startComponent, type StartedComponent } from './component.ts';
import { findEnvoy } from './envoy-binary.ts';
import { stateDirectory } from './lease.ts';
import { CGROUP_ROOT } from './names.ts';
import { SMALL_HEAP } from './program.ts';
import type { LabSetting } from './session.ts';
import { buildTopology, planTopology, SERVICE_ADDRESS, type Topology } from './topology.ts';

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 25;

export interface Arm {
  readonly lab: LabSetting;
  readonly name: string;
  readonly topology: Topology;
  readonly cgroup: string;
  readonly stateDirectory: string;
  readonly logs: string;
  /** What cAdvisor is to show: filled as components start. */
  readonly containers: WatchedContainer[];
  readonly undo: PushUndo;
}

/** Nodes, pods and, in each pod, the process that holds its namespaces (`pause`, as in Kubernetes). */
export async function openArm(lab: LabSetting, number: number, name: string, undo: PushUndo): Promise<Arm> {
  const { system, cgroups, run, placement, logDirectory } = lab;
  const arm: Arm = {
    lab,
    name,
    topology: planTopology(run, number, placement),
    cgroup: `${CGROUP_ROOT}/${run}/${number}`,
    stateDirectory: `${stateDirectory(run)}/${number}`,
    logs: `${logDirectory}/${String(number).padStart(3, '0')}-${name}`,
    containers: [],
    undo,
  };
  await system.files.makeDirectory(arm.logs);
  await createCgroup(system, cgroups, { cgroupPath: arm.cgroup }, undo);
  await buildTopology(arm.topology, system.processes, undo);
  for (const pod of [arm.topology.client, arm.topology.server]) {
    const cgroupPath = `${arm.cgroup}/${pod.name}`;
    await createCgroup(system, cgroups, { cgroupPath }, undo);
    arm.containers.push(watched(arm, { pod: pod.name, container: '', path: cgroupPath, image: '', name: '' }));
    const pause = {
      role: 'pause' as const,
      netns: pod.netns,
      command: ['sleep', 'infinity'] as const,
      name: `pause-${pod.name}`,
      uid: WORKER_UID,
    };
    const { process } = await startIn(arm, pause);
    const network = { pid: process.pid, device: pod.device };
    const path = `${cgroupPath}/pause`;
    arm.containers.push({ ...watched(arm, { pod: pod.name, container: '', path, image: 'pause', name: nameOf(path) }), network });
  }
  return arm;
}

/** In its pod's cgroup, or its node's. */
export async function startIn(
  arm: Arm,
  start: Omit<StartComponent, 'role'> & { readonly role: StartComponent['role'] | 'pause' },
): Promise<StartedComponent> {
  const { system, cgroups, cpus } = arm.lab;
  const pod = podOf(arm, start.netns);
  const path = `${arm.cgroup}/${pod}/${start.role}`;
  const spec = {
    ...start,
    name: start.name ?? start.role,
    cgroupPath: path,
    logFile: `${arm.logs}/${start.name ?? start.role}.log`,
    cpus: cpus?.rest,
  };
  const component = await startComponent(system, cgroups, spec, arm.undo);
  if (start.role !== 'pause')
    arm.containers.push(watched(arm, { pod, container: start.role, path, image: start.role, name: nameOf(path) }));
  return component;
}

function podOf({ topology }: Arm, netns: string): string {
  return [topology.client, topology.server, ...topology.nodes].find((each) => each.netns === netns)?.name ?? 'node-a';
}

function nameOf(path: string): string {
  return path.slice(CGROUP_ROOT.length + 1).replaceAll('/', '-');
}

function watched(
  arm: Arm,
  { pod, container, path, image, name }: { pod: string; container: string; path: string; image: string; name: string },
): WatchedContainer {
  const { system, cgroups } = arm.lab;
  const { version, cpu, memory, unified } = cgroups.layout;
  return {
    namespace: arm.name,
    pod,
    container,
    id: `/${path}`,
    image: image === '' ? '' : `localhost/${image}:lab`,
    name,
    cgroup: { version, cpu: `${cpu}/${path}`, memory: `${memory}/${path}`, unified: `${unified}/${path}` },
    startedAtMs: system.clock.wallTime().getTime(),
  };
}

export function siteOf(arm: Arm, servers: readonly ServerSpec[]): LabSite {
  const { lab, topology, undo } = arm;
  const { system, placement } = lab;
  return {
    arm: arm.name,
    placement,
    ...topology,
    serviceAddress: SERVICE_ADDRESS,
    servers,
    unifiedCgroup: lab.cgroups.unified(arm.cgroup),
    pinDirectory: arm.stateDirectory.replace(/\/(\d+)$/, '/bpf/$1'),
    tools: {
      envoy: (version) => findEnvoy(system, version),
      bpfObjects: () => findCompiled(system, bpfPrograms),
      programs: () => findCompiled(system, labPrograms),
      dataDirectory: `${system.host.projectRoot}/clusters/lab`,
      node: (file) => [system.host.nodeBinary, '--no-warnings', SMALL_HEAP, `${system.host.projectRoot}/src/${file}`],
    },
    files: system.files,
    http: system.http,
    undo,
    run: (command, options = {}) => {
      const { netns, ...others } = options;
      return system.processes.run(netns === undefined ? command : ['nsenter', `--net=/run/netns/${netns}`, '--', ...command], others);
    },
    start: (start) => startIn(arm, start),
    directory: async (name, mode = 0o700) => {
      const directory = `${arm.stateDirectory}/${name}`;
      await system.files.makeDirectory(arm.stateDirectory, { mode: 0o711 });
      await system.files.makeDirectory(directory, { mode });
      return directory;
    },
    handOver: async (directory, uid) => {
      for (const { name } of await system.files.list(directory)) await system.files.changeOwner(`${directory}/${name}`, uid, uid);
      await system.files.changeOwner(directory, uid, uid);
    },
    waitFor: (component, what, probe) => waitFor(system, arm, component, what, probe),
  };
}

async function waitFor(
  system: System,
  { name: arm, logs: log }: Arm,
  component: Component,
  what: string,
  probe: () => Promise<boolean>,
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
