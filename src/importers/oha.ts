import { z } from 'zod';
import { jsonObject, percentiles, type Importer } from './importer.ts';
import type { Imported } from '../model/imported.ts';

const schema = z.object({
  summary: z.object({ total: z.number(), requestsPerSec: z.number() }),
  latencyPercentiles: z.record(z.string(), z.number().nullable()),
  statusCodeDistribution: z.record(z.string(), z.number()),
  errorDistribution: z.record(z.string(), z.number()),
});
/** In flight when the time was over. */
const CUT_OFF = 'aborted due to deadline';

/** oha: seconds; whether a rate or its correction was asked for is not in the file, and 5xx count as success there. */
export const oha: Importer = {
  id: 'oha',
  title: 'oha JSON',
  recognises: (text) => /"latencyPercentiles"/.test(text) && /"statusCodeDistribution"/.test(text) && jsonObject(text) !== undefined,
  parse(text): Imported {
    const { summary, latencyPercentiles, statusCodeDistribution, errorDistribution } = schema.parse(JSON.parse(text));
    const answered = Object.values(statusCodeDistribution).reduce((sum, each) => sum + each, 0);
    const refused = Object.entries(statusCodeDistribution).reduce((sum, [code, count]) => sum + (Number(code) >= 400 ? count : 0), 0);
    const broken = Object.entries(errorDistribution).reduce((sum, [what, count]) => sum + (what === CUT_OFF ? 0 : count), 0);
    return {
      tool: 'oha',
      loop: 'unknown',
      clock: 'unknown',
      achievedPerSecond: summary.requestsPerSec,
      durationS: summary.total,
      requests: answered + broken,
      errors: refused + broken,
      percentiles: percentiles(
        Object.entries(latencyPercentiles).map(([key, s]) => [Number(key.slice(1)) / 100, (s ?? Number.NaN) * 1e9] as const),
      ),
    };
  },
};
