/** The exporter's process, in a cgroup of its own so that what it costs is charged to no datapath. */
import type { CadvisorSource, CadvisorView } from '../../../model/contracts/cadvisor.ts';
import type { PushUndo, Role } from '../../../model/contracts/deployment.ts';
import { WORKER_UID } from '../../../model/uids.ts';
import { startComponent } from '../component.ts';
import { Dialogue } from '../dialogue.ts';
import { stateDirectory } from '../lease.ts';
import { CGROUP_ROOT } from '../names.ts';
import type { LabSetting } from '../session.ts';
import type { WatchedContainer } from './reading.ts';

/** It has nothing to wait for; and where it hangs, it is ended anyway. */
const FORGET_MS = 2000;

export class Exporter {
  readonly #dialogue: Dialogue;
  readonly #source: CadvisorSource;

  private constructor(dialogue: Dialogue, source: CadvisorSource) {
    this.#dialogue = dialogue;
    this.#source = source;
  }

  static async start(
    { system, cgroups, run, program, logDirectory, cadvisorIntervalMs: housekeepingMs }: LabSetting,
    netns: string,
    undo: PushUndo,
  ): Promise<Exporter> {
    const directory = `${stateDirectory(run)}/cadvisor`;
    await system.files.makeDirectory(directory, { mode: 0o700 });
    await system.files.changeOwner(directory, WORKER_UID, WORKER_UID);
    const socket = `${directory}/cadvisor.sock`;
    const dialogue = await Dialogue.with('the cAdvisor exporter', async (onLine) => {
      const { process } = await startComponent(
        system,
        cgroups,
        {
          role: 'meter',
          name: 'cadvisor',
          cgroupPath: `${CGROUP_ROOT}/${run}/cadvisor`,
          netns,
          command: program('cadvisor', JSON.stringify({ socket, housekeepingMs })),
          uid: WORKER_UID,
          logFile: `${logDirectory}/cadvisor.log`,
          onLine,
        },
        undo,
      );
      return process;
    });
    const scrape = () => system.http.getText(socket, '/metrics/cadvisor');
    const where = `curl --unix-socket ${socket} http://localhost/metrics/cadvisor`;
    return new Exporter(dialogue, { where, housekeepingMs, clockErrorMs: 1, scrape });
  }

  get page(): () => Promise<string> {
    return () => this.#source.scrape();
  }

  /** Shows an arm's containers from now on, until it is undone. */
  async show(containers: readonly WatchedContainer[], undo: PushUndo): Promise<CadvisorView> {
    const namespace = containers[0]?.namespace ?? '';
    undo(`cAdvisor of ${namespace}`, () => this.#ask({ op: 'forget', namespace }).catch(() => {}), FORGET_MS);
    await this.#ask({ op: 'watch', containers });
    const named = containers.filter(({ container }) => container !== '');
    return {
      source: this.#source,
      containers: named.map(({ namespace: of, pod, container }) => ({ role: container as Role, namespace: of, pod, container })),
      pods: containers.filter(({ network }) => network).map(({ pod }) => ({ name: pod, namespace, pod })),
    };
  }

  async #ask(command: object): Promise<void> {
    await this.#dialogue.ask(JSON.stringify(command));
  }
}
