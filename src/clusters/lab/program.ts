/**
 * Generator, server, dialers and exporter run under a uid that can do nothing else. As one script in the run's own directory they can
 * be read there, wherever the project lies and whoever may look into it.
 */
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';
import { bundle } from '../bundle.ts';
import { stateDirectory } from './lease.ts';

const ROLES = {
  generator: 'generators/process/main.ts',
  server: 'workloads/server/main.ts',
  dialer: 'generators/process/dialer.ts',
  cadvisor: 'clusters/lab/cadvisor/main.ts',
};

/**
 * For the instruments on the machine that is measured: V8 then collects after 2 MiB of garbage, not 8, and has a young space of 1 MiB,
 * not 16. Otherwise what waits for its collection grows for an hour.
 */
export const SMALL_HEAP = '--optimize-for-size';
/** It keeps one sample. */
const EXPORTER = [SMALL_HEAP, '--max-old-space-size=64'];

/** The command of a role. */
export type Program = (role: keyof typeof ROLES, ...args: string[]) => readonly [string, ...string[]];

/** The state directory is removed by whoever made it. @throws MeshtaxError MT5010. */
export async function provideProgram({ files, host }: System, run: string): Promise<Program> {
  const script = `${stateDirectory(run)}/meshtax.mjs`;
  try {
    await files.writeText(script, new TextDecoder().decode(await bundle(host.projectRoot, ROLES)));
    await files.changeMode(script, 0o644);
  } catch (error) {
    throw new MeshtaxError('MT5010', { problem: reasonOf(error) });
  }
  return (role, ...args) => [host.nodeBinary, '--no-warnings', ...(role === 'cadvisor' ? EXPORTER : []), script, role, ...args];
}
