/** How many requests of a window got no good answer, and why. */
import type { LoadResult } from './contracts/generator.ts';

export interface Failures {
  readonly sent: number;
  readonly failed: number;
  /** `status 500: 289, no answer: 4`. */
  readonly kinds: string;
}

/** Of all arms of a window together. */
export function failuresIn({ arms }: LoadResult): Failures {
  return {
    sent: arms.reduce((sum, arm) => sum + arm.ok + arm.errors, 0),
    failed: arms.reduce((sum, arm) => sum + arm.errors, 0),
    kinds: arms.flatMap(({ errorKinds }) => Object.entries(errorKinds).map(([kind, count]) => `${kind}: ${count}`)).join(', '),
  };
}
