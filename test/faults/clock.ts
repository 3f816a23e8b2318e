/** A wall clock that jumps, for a run and all of its Node processes; Envoy's goes on. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CLOCK = fileURLToPath(new URL('jumping-clock.ts', import.meta.url));

/** Says how far the clock is off, ms. */
export const clockFileIn = (scratch: string): string => `${scratch}/clock`;

/** Processes without rights can read it only outside of the project. */
export async function clockEnvironment(scratch: string): Promise<Record<string, string>> {
  chmodSync(scratch, 0o755);
  const copy = `${scratch}/jumping-clock.ts`;
  copyFileSync(CLOCK, copy);
  writeFileSync(clockFileIn(scratch), '0');
  for (const file of [copy, clockFileIn(scratch)]) chmodSync(file, 0o644);
  return { NODE_OPTIONS: `--import=${copy}`, MESHTAX_CLOCK: clockFileIn(scratch) };
}
