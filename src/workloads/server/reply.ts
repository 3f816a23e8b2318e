/** When to answer a request, and the server's own record of how long it held each one. */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { ServerSpec } from '../../model/contracts/workload.ts';
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
  const record: Histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60e9, numberOfSignificantValueDigits: 3 });
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
        record.recordValue(Math.max(1, now() - readNs));
      };
      const delayNs = drawDelayNs(spec.delay, random, readNs, originNs);
      if (delayNs === 0) finish();
      else deadlines.at(readNs + delayNs, finish);
    },
    takeRecord() {
      const taken = {
        workload: spec.workload,
        count: record.totalCount,
        hdr: record.totalCount === 0 ? '' : encodeIntoCompressedBase64(record),
      };
      record.reset();
      return taken;
    },
  };
}
