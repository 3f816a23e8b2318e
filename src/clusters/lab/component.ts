/** Starting one component: in its own cgroup, inside a namespace, with its own log. */
import type { CgroupFiles, Component, PushUndo, Role } from '../../model/contracts/deployment.ts';
import type { RunningProcess, System } from '../../model/ports.ts';
import type { Cgroups } from './cgroups.ts';
import { endAll } from './end-processes.ts';

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
  const cgroup = await createCgroup(cgroups, spec, undo);
  let process: RunningProcess | undefined;
  undo(spec.name, async () => {
    await process?.stop();
    // What it started may outlive it, and would keep its cgroup.
    await endAll(system, () => cgroups.processes(spec.cgroupPath));
  });
  process = system.processes.start(
    [...enterPrefix(system, spec.netns, cgroups.procsFiles(spec.cgroupPath)), ...dropped(spec), ...spec.command],
    {
      logFile: spec.logFile,
      ...(spec.onLine ? { onLine: spec.onLine } : {}),
      ...(spec.onMessage ? { onMessage: spec.onMessage } : {}),
    },
  );
  return { role: spec.role as Role, cgroup, process, ended: () => describeEnd(process) };
}

function dropped({ uid, capabilities = [] }: StartSpec): string[] {
  if (uid === undefined) return [];
  const kept = capabilities.map((each) => `,+${each}`).join('');
  const caps = ['inh', 'ambient'].map((set) => `--${set}-caps=-all${kept}`);
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs', ...caps, `--bounding-set=-all${kept}`, '--'];
}

export async function createCgroup(
  cgroups: Cgroups,
  spec: { cgroupPath: string; cpus?: string | undefined },
  undo: PushUndo,
): Promise<CgroupFiles> {
  undo(`cgroup ${spec.cgroupPath}`, async () => void (await cgroups.remove(spec.cgroupPath)));
  const files = await cgroups.create(spec.cgroupPath);
  if (spec.cpus !== undefined) await cgroups.pin(spec.cgroupPath, spec.cpus);
  return files;
}

function describeEnd(process: RunningProcess): string | undefined {
  const outcome = process.outcome();
  if (!outcome) return undefined;
  return outcome.signal === undefined ? `exit code ${outcome.exitCode}` : `signal ${outcome.signal}`;
}
