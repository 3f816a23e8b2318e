/** How many requests of a window got no good answer, and why. */
import { NEVER_SENT, type LoadResult } from './contracts/generator.ts';

export interface Failures {
  readonly sent: number;
  readonly failed: number;
  /** Of those that reached a connection: the others say nothing of the server, unless none did. */
  readonly lostShare: number;
  /** `status 500: 289, no answer: 4`. */
  readonly kinds: string;
}

/** Of all arms of a window together. */
export function failuresIn({ arms }: LoadResult): Failures {
  const sum = (of: (arm: LoadResult['arms'][number]) => number) => arms.reduce((total, arm) => total + of(arm), 0);
  const [sent, failed] = [sum(({ ok, errors }) => ok + errors), sum(({ errors }) => errors)];
  const unsent = sum(({ errorKinds }) => errorKinds[NEVER_SENT] ?? 0);
  return {
    sent,
    failed,
    lostShare: sent === unsent ? Math.sign(sent) : (failed - unsent) / (sent - unsent),
    kinds: arms.flatMap(({ errorKinds }) => Object.entries(errorKinds).map(([kind, count]) => `${kind}: ${count}`)).join(', '),
  };
}
