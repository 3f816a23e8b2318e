/** A look at a context by a command that is no run: kubectl for as long as the look takes. */
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { System } from '../../model/ports.ts';
import { Kubectl } from './kubectl.ts';

const REQUESTS_PER_SECOND = 20;

export async function visit<T>(system: System, context: string, work: (kubectl: Kubectl) => Promise<T>): Promise<T> {
  const undos: (() => Promise<void>)[] = [];
  const undo: PushUndo = (_title, action) => void undos.push(action);
  const directory = runtimeDirectory(system, `visit-${system.randomId(6)}`);
  undo('its directory', () => system.files.remove(directory));
  await system.files.makeDirectory(directory, { mode: 0o700 });
  try {
    return await work(
      await Kubectl.open(system, { context, kubeconfig: undefined, requestsPerSecond: REQUESTS_PER_SECOND }, directory, undo),
    );
  } finally {
    for (const action of undos.toReversed()) await action().catch(() => {});
  }
}

/** For sockets, whose paths must be short: `meshtax-<what>` in the user's own runtime directory. */
export function runtimeDirectory({ env }: System, what: string): string {
  return `${env['XDG_RUNTIME_DIR'] ?? '/tmp'}/meshtax-${what}`;
}
