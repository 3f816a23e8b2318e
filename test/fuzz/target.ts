/** What is fuzzed: good inputs to begin with, and what must hold for every input made of them. */
import { MeshtaxError } from '../../src/model/errors.ts';
import type { Random } from '../../src/model/random.ts';

export interface Target<Input = unknown> {
  readonly id: string;
  readonly seeds: readonly Input[];
  mutate(input: Input, random: Random): Input;
  /** @throws when the outcome is neither a coded error nor a right result. */
  try(input: Input): void | Promise<void>;
}

/** A coded error is a right outcome; everything else that is thrown is a bug. */
export function orCoded(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof MeshtaxError)) throw error;
  }
}

export function must(condition: boolean, problem: string): void {
  if (!condition) throw new Error(problem);
}
