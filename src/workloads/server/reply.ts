/** When to answer a request, and the server's own record of how long it held each one. */
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { encode, newHistogram, record } from '../../model/histogram.ts';
import { seededRandom } from '../../model/random.ts';
import { Deadlines, drawDelayNs } from './delay.ts';

const now = (): number => Number(process.hrtime.bigint());
const deadlines = new Deadlines(now);

export interface Replier {
  /** Calls `answer` once the request that has just been read is due. */
  reply(answer: () => void): void;
  /** The realised service times since the last call, and forgets them. */
  takeRecord(): { workload: string; count: number; hdr: string };
}

export function replier(spec: ServerSpec): Replier {
  const random = seededRandom(`server/${spec.workload}`);
  const originNs = now();
  const spinNs = spec.spinNs ?? 0;
  const held = newHistogram();
  return {
    reply(answer) {
      if (spinNs > 0) for (const untilNs = now() + spinNs; now() < untilNs;);
      if (spec.delay.kind === 'none') {
        answer(); // no clock is read: this is the path that is measured
        return;
      }
      const readNs = now();
      const finish = () => {
        answer();
        record(held, now() - readNs);
      };
      const delayNs = drawDelayNs(spec.delay, random, readNs, originNs);
      if (delayNs === 0) finish();
      else deadlines.at(readNs + delayNs, finish);
    },
    takeRecord() {
      const taken = { workload: spec.workload, ...encode(held) };
      held.reset();
      return taken;
    },
  };
}
