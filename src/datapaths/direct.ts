import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { PLAIN } from '../model/features.ts';
import { durationNs, formatDuration } from '../model/units.ts';
import { plainRouting } from './plain-routing.ts';

/** Plain routing to the pod's address: the baseline that everything else is charged against. */
export const direct: Datapath = {
  id: 'direct',
  title: 'plain routing',
  schema: memberSchema(
    'direct',
    z.object({
      slowdown: durationNs({ min: 0, max: 1e9 })
        .default(0)
        .describe('busy time that the server adds to each request: an injected difference, for calibration'),
    }),
  ),
  features: (options) => ({
    ...PLAIN,
    notes: `veth pairs and routes alone; no service address, no policy${slowdownOf(options)}`,
  }),
  lab: {
    server: (spec, options) => ({ ...spec, spinNs: (options as { slowdown: number }).slowdown }),
    deploy: plainRouting,
  },
};

function slowdownOf(options: unknown): string {
  const slowdown = (options as { slowdown?: number } | undefined)?.slowdown ?? 0;
  return slowdown === 0 ? '' : `; its server is slowed down by ${formatDuration(slowdown)} a request on purpose`;
}
