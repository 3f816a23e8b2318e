/** Starting one component: in its own cgroup, inside a namespace, with its own log. */
import type { CgroupFiles, Component, PushUndo, Role } from '../../model/contracts/deployment.ts';
import type { RunningProcess, System } from '../../model/ports.ts';
import { WORKER_UID } from '../../model/uids.ts';
import type { Cgroups } from './cgroups.ts';
import { endAll } from './end-processes.ts';

const REMOVALS = 10;

export interface StartSpec {
  readonly role: Role | 'meter' | 'pause';
  readonly name: string;
  readonly cgroupPath: string;
  readonly netns: string;
  readonly command: readonly [string, ...string[]];
  /** Undefined: root, which docs/security.md gives a reason for. */
  readonly uid?: number | undefined;
  /** What a uid that is not root needs all the same, for instance `sys_nice`. */
  readonly capabilities?: readonly string[];
  readonly onMessage?: (message: unknown, socket: unknown) => void;
  readonly logFile: string;
  readonly cpus?: string | undefined;
  /** The one CPU that it may use, where there is no cgroup for that. */
  readonly affinity?: number;
  readonly onLine?: (line: string) => void;
}

export interface StartedComponent extends Component {
  readonly process: RunningProcess;
}

/** The argument prefix that turns a command into a member of a cgroup inside a namespace. */
export function enterPrefix(system: System, netns: string, procsFiles: readonly string[]): [string, ...string[]] {
  return ['/bin/sh', `${system.host.projectRoot}/clusters/lab/enter.sh`, netns, ...procsFiles, '--'];
}

export async function startComponent(system: System, cgroups: Cgroups, spec: StartSpec, undo: PushUndo): Promise<StartedComponent> {
  const cgroup = await createCgroup(system, cgroups, spec, undo);
  let process: RunningProcess | undefined;
  undo(spec.name, async () => {
    await process?.stop();
    // What it started may outlive it, and would keep its cgroup.
    await endAll(system, () => cgroups.processes(spec.cgroupPath));
  });
  process = system.processes.start(
    // Rights are dropped last: what it runs may lie where nobody else can look.
    [...enterPrefix(system, spec.netns, cgroups.procsFiles(spec.cgroupPath)), ...pinned(spec), ...dropped(spec), ...spec.command],
    {
      logFile: spec.logFile,
      ...(spec.onLine ? { onLine: spec.onLine } : {}),
      ...(spec.onMessage ? { onMessage: spec.onMessage } : {}),
    },
  );
  return { role: spec.role as Role, cgroup, process, ended: () => describeEnd(process) };
}

/** What needs no right at all, as a user that has none; nobody else can drop theirs. */
export function withoutRights(system: System, command: readonly [string, ...string[]]): [string, ...string[]] {
  return [...(system.host.uid === 0 ? dropped({ uid: WORKER_UID }) : []), ...command] as [string, ...string[]];
}

function pinned({ affinity }: StartSpec): string[] {
  return affinity === undefined ? [] : ['taskset', '-c', String(affinity)];
}

function dropped({ uid, capabilities = [] }: Pick<StartSpec, 'uid' | 'capabilities'>): string[] {
  if (uid === undefined) return [];
  const kept = capabilities.map((each) => `,+${each}`).join('');
  const caps = ['inh', 'ambient'].map((set) => `--${set}-caps=-all${kept}`);
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs', ...caps, `--bounding-set=-all${kept}`, '--'];
}

export async function createCgroup(
  { clock }: System,
  cgroups: Cgroups,
  spec: { cgroupPath: string; cpus?: string | undefined },
  undo: PushUndo,
): Promise<CgroupFiles> {
  undo(`cgroup ${spec.cgroupPath}`, async () => {
    // The kernel lets go of it a moment after its last process.
    for (let attempt = 1; ; attempt++) {
      const left = await cgroups.remove(spec.cgroupPath);
      if (left.length === 0) return;
      if (attempt === REMOVALS) throw new Error(`still there: ${left.join(', ')}`);
      await clock.sleep(50);
    }
  });
  const files = await cgroups.create(spec.cgroupPath);
  if (spec.cpus !== undefined) await cgroups.pin(spec.cgroupPath, spec.cpus);
  return files;
}

function describeEnd(process: RunningProcess): string | undefined {
  const outcome = process.outcome();
  if (!outcome) return undefined;
  return outcome.signal === undefined ? `exit code ${outcome.exitCode}` : `signal ${outcome.signal}`;
}
