/** Can this machine be a lab? Each feature is tried for real and undone, not guessed from a version. */
import type { DoctorCheck } from '../../model/contracts/check.ts';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';
import { bpfPrograms, findCompiled } from './compiled.ts';
import { withoutRights } from './component.ts';
import { Cgroups, detectLayout } from './cgroups.ts';
import { findRuns } from './clean.ts';
import { findEnvoy } from './envoy-binary.ts';
import { toolVersions } from './facts.ts';
import { isAlive, makeStateDirectory, readLease, stateDirectory } from './lease.ts';
import { CGROUP_ROOT, netnsName } from './names.ts';
import { missingPackages } from './requirements.ts';

const ok = (detail: string) => ({ level: 'ok' as const, detail, why: '', fix: '' });

const platform: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0110',
  title: 'Linux and root',
  async run({ host }) {
    if (host.platform !== 'linux')
      return {
        level: 'error',
        detail: `this is ${host.platform}`,
        why: 'namespaces, cgroups and eBPF are Linux',
        fix: 'use a Linux machine; reports of stored runs work here',
      };
    if (host.uid !== 0)
      return { level: 'error', detail: `uid ${host.uid}`, why: 'namespaces, cgroups and eBPF need root', fix: 'sudo ./meshtax doctor' };
    return ok('yes');
  },
};

const toolsPresent: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0111',
  title: 'tools',
  async run(system) {
    const missing = await missingPackages(system);
    if (missing.length === 0) {
      return ok(
        Object.entries(await toolVersions(system.processes))
          .map(([tool, version]) => `${tool} ${version}`)
          .join(', '),
      );
    }
    return { level: 'error', detail: `missing packages: ${missing.join(', ')}`, why: 'the lab is made with them', fix: './meshtax setup' };
  },
};

const envoyStarts: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0112',
  title: 'Envoy',
  async run(system) {
    try {
      const { stdout } = await system.processes.run(withoutRights(system, [await findEnvoy(system), '--version']));
      return ok(/\/(\d+\.\d+\.\d+)\//.exec(stdout)?.[1] ?? 'starts');
    } catch (error) {
      return {
        level: 'error',
        detail: reasonOf(error),
        why: 'the sidecar datapath needs it',
        fix: error instanceof MeshtaxError ? error.fix : './meshtax setup',
      };
    }
  },
};

const namespaces: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0113',
  title: 'network namespaces and veth',
  async run(system) {
    return probing(system, async (run, undo) => {
      const a = await probeNamespace(system, netnsName(run, 0, 'client'), undo);
      const b = await probeNamespace(system, netnsName(run, 0, 'server'), undo);
      await system.processes.run(['ip', 'link', 'add', 'eth0', 'netns', a, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b]);
      return 'created and removed';
    });
  },
};

const packetFilter: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0114',
  title: 'iptables nat with owner match',
  async run(system) {
    return probing(system, async (run, undo) => {
      const name = await probeNamespace(system, netnsName(run, 0, 'client'), undo);
      const rules =
        '*nat\n-A OUTPUT -p tcp -m owner --uid-owner 1337 -j RETURN\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\n-A PREROUTING -d 10.96.0.10/32 -p tcp -j DNAT --to-destination 10.77.2.2:80\nCOMMIT\n';
      await system.processes.run(['nsenter', `--net=/run/netns/${name}`, '--', 'iptables-restore'], { input: rules });
      return 'rules accepted';
    });
  },
};

const ebpf: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0115',
  title: 'eBPF programs',
  async run(system) {
    return probing(system, async (run, undo) => {
      const mountPoint = `${stateDirectory(run)}/bpf`;
      undo(async () => {
        await system.processes.run(['umount', mountPoint], { mayFail: true });
        await system.files.remove(stateDirectory(run));
      });
      await makeStateDirectory(system, run);
      await system.files.makeDirectory(mountPoint, { mode: 0o700 });
      await system.processes.run(['mount', '-t', 'bpf', 'bpf', mountPoint]);
      const objects = await findCompiled(system, bpfPrograms);
      for (const name of bpfPrograms.names)
        await system.processes.run(['bpftool', 'prog', 'loadall', `${objects}/${name}.bpf.o`, `${mountPoint}/${name}`]);
      return 'loaded, accepted by the verifier, removed';
    });
  },
};

const cgroupLayout: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0116',
  title: 'cgroups',
  async run(system) {
    return probing(system, async (run, undo) => {
      const cgroups = new Cgroups(detectLayout(await system.files.readText('/proc/mounts')), system.files);
      undo(async () => {
        await cgroups.remove(`${CGROUP_ROOT}/${run}`);
        await cgroups.removeIfEmpty(CGROUP_ROOT);
      });
      const files = await cgroups.create(`${CGROUP_ROOT}/${run}/probe`);
      for (const file of [files.cpu.file, files.memoryUsage, files.memoryStat]) await system.files.readText(file);
      return `${cgroups.layout.version}, CPU and memory readable${cgroups.layout.cpuset === undefined ? ', no cpuset controller' : ''}`;
    });
  },
};

const leftovers: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0117',
  title: 'leftovers of earlier runs',
  async run(system) {
    const cgroups = new Cgroups(detectLayout(await system.files.readText('/proc/mounts')), system.files);
    const dead: string[] = [];
    const alive: string[] = [];
    for (const run of await findRuns(system, cgroups)) {
      if (run.startsWith(PROBE)) continue;
      const lease = await readLease(system, run);
      (lease && (await isAlive(system, lease)) ? alive : dead).push(run);
    }
    if (alive.length > 0)
      return {
        level: 'warning',
        detail: `run ${alive.join(', ')} is going on`,
        why: 'two measurements at once spoil each other',
        fix: 'wait for it',
      };
    if (dead.length > 0)
      return {
        level: 'warning',
        detail: `runs ${dead.join(', ')} left something behind`,
        why: 'their processes may still use CPU',
        fix: './meshtax clean --all',
      };
    return ok('none');
  },
};

export const labDoctor: readonly DoctorCheck[] = [
  platform,
  toolsPresent,
  envoyStarts,
  namespaces,
  packetFilter,
  ebpf,
  cgroupLayout,
  leftovers,
];

/** Names of probes look like runs, so that `meshtax clean` finds them too. */
const PROBE = 'probe';

type Undo = (action: () => Promise<void>) => void;

async function probeNamespace(system: System, name: string, undo: Undo): Promise<string> {
  undo(async () => void (await system.processes.run(['ip', 'netns', 'del', name], { mayFail: true })));
  await system.processes.run(['ip', 'netns', 'add', name]);
  return name;
}

async function probing(system: System, attempt: (run: string, undo: Undo) => Promise<string>) {
  const undos: (() => Promise<void>)[] = [];
  try {
    return ok(await attempt(`${PROBE}${system.randomId(5)}`, (action) => undos.push(action)));
  } catch (error) {
    return {
      level: 'error' as const,
      detail: reasonOf(error),
      why: 'the lab cannot be built without it',
      fix: './meshtax setup, then as root on a kernel that has it',
    };
  } finally {
    for (const action of undos.toReversed()) await action();
  }
}
