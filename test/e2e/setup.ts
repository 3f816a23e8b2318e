/** A run that was killed on this machine before must not fail tests that compare before with after. */
import { meshtax } from './machine.ts';

export async function setup(): Promise<void> {
  await meshtax(['clean', '--all']);
}
