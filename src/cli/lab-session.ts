/** The lab without a run: opened, used, undone. */
import type { ClusterSession } from '../model/contracts/cluster.ts';
import type { PushUndo } from '../model/contracts/deployment.ts';
import { UndoStack } from '../run/undo-stack.ts';
import type { App } from './app.ts';

const UNDO_BUDGET_MS = 30_000;

/** `what`: two or three letters that the run id begins with. @throws MeshtaxError MT2001 where there is no lab, MT2002 when a run is going on. */
export async function withLabSession<T>(app: App, what: string, use: (session: ClusterSession, undo: PushUndo) => Promise<T>): Promise<T> {
  const lab = app.families.clusters.find((cluster) => cluster.id === 'lab');
  if (!lab) throw new Error('the lab is a cluster');
  const runId = `${what}${app.system.randomId(5)}`;
  return scoped(app, async (undo) => {
    const logDirectory = await scratch(app, undo);
    const session = await lab.open(lab.schema.parse({ id: 'lab' }), app.system, { runId, logDirectory, allowConcurrent: false }, undo);
    return use(session, undo);
  });
}

/** A folder that `clean` removes, however this process dies. */
export async function scratch({ families, system }: App, undo: PushUndo): Promise<string> {
  for (const cluster of families.clusters) if (cluster.scratch) return cluster.scratch(system, undo);
  throw new Error('the lab has scratch folders');
}

/** What `use` makes is undone when it ends, however it ends. */
export async function scoped<T>(app: App, use: (undo: PushUndo) => Promise<T>): Promise<T> {
  const undo = new UndoStack(app.system.clock);
  try {
    return await use(undo.push);
  } finally {
    for (const { title, reason } of await undo.unwind(UNDO_BUDGET_MS))
      app.err(`could not undo ${title}: ${reason} (meshtax clean --all)\n`);
  }
}
