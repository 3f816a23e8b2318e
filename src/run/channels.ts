/** The generators' connections: one channel per datapath, workload and load, open as long as the deployment. */
import type { ClusterSession, GeneratorSession } from '../model/contracts/cluster.ts';
import type { Deployment, PushUndo } from '../model/contracts/deployment.ts';
import type { Comparison } from '../plan/plan.ts';

export interface Channel {
  readonly deployment: Deployment;
  readonly comparison: Comparison;
  readonly generator: GeneratorSession;
  /** Its generator loads the other arms too, at the same time if asked. */
  readonly shared: boolean;
  /** How the generator calls it. */
  readonly name: string;
  readonly connections: number;
}

export function channelName(arm: string, comparison: Comparison): string {
  return `${arm}/${comparison.workload}/${comparison.load.name}`;
}

/** The one process shared by all arms; generators that must live in a pod get a process per arm, on demand. */
export class Generators {
  readonly #session: ClusterSession;
  #shared: GeneratorSession | undefined;

  constructor(session: ClusterSession) {
    this.#session = session;
  }

  /** Whether several arms can be loaded by one process at once. */
  drivesTogether(comparison: Comparison): boolean {
    return comparison.generator.placement === 'shared' && this.#session.generators !== 'in-pod';
  }

  /** Started before the first deployment, so that it is stopped after the last. */
  async shared(undo: PushUndo): Promise<GeneratorSession> {
    this.#shared ??= await this.#session.startGenerator(undefined, undo);
    return this.#shared;
  }

  async open(deployment: Deployment, comparison: Comparison, undo: { run: PushUndo; deployment: PushUndo }): Promise<Channel> {
    const { generator: kind, load } = comparison;
    const isShared = this.drivesTogether(comparison);
    const generator = isShared ? await this.shared(undo.run) : await this.#session.startGenerator(deployment, undo.deployment);
    const name = channelName(deployment.arm, comparison);
    const target = { ...deployment.target(comparison.server, kind.engine, load.connections), arm: name };
    if (isShared) {
      // The connections of a generator that died are gone with it.
      undo.deployment(`connections of ${name}`, async () =>
        generator.component.ended() === undefined ? generator.disconnect(name) : undefined,
      );
    }
    // In the pod already: its own connections start there.
    const connections = await generator.connect(
      isShared ? target : { ...target, dial: { host: target.dial.host, port: target.dial.port } },
    );
    return { deployment, comparison, generator, shared: isShared, name, connections };
  }
}
