import { z } from 'zod';
import { jsonObject, percentiles, percentilesOfRaw, type Importer } from './importer.ts';
import type { Imported } from '../model/imported.ts';

const schema = z.object({
  date: z.string().optional(),
  count: z.number(),
  total: z.number(),
  rps: z.number(),
  options: z
    .object({ rps: z.number().optional(), async: z.boolean().optional(), concurrency: z.number().optional(), c: z.number().optional() })
    .optional(),
  statusCodeDistribution: z.record(z.string(), z.number()).nullish(),
  latencyDistribution: z.array(z.object({ percentage: z.number(), latency: z.number() })).nullish(),
  details: z.array(z.object({ latency: z.number(), error: z.string().optional(), status: z.string().optional() })).nullish(),
});

/** ghz: ns; the raw calls, where all of them are in the file, before its nearest-rank percentiles. */
export const ghz: Importer = {
  id: 'ghz',
  title: 'ghz JSON',
  recognises: (text) => /"latencyDistribution"/.test(text) && /"fastest"/.test(text) && jsonObject(text) !== undefined,
  parse(text): Imported {
    const found = schema.parse(JSON.parse(text));
    const codes = Object.entries(found.statusCodeDistribution ?? {});
    // Where every call failed, there is no OK among them.
    const good = codes.length === 0 ? found.count : (found.statusCodeDistribution?.['OK'] ?? 0);
    const raw = (found.details ?? [])
      .filter(({ error = '', status = 'OK' }) => error === '' && status === 'OK')
      .map(({ latency }) => latency);
    const told = (found.latencyDistribution ?? []).map(({ percentage, latency }) => [percentage / 100, latency] as const);
    return {
      tool: 'ghz',
      // `date` is when it ended.
      startedAt: found.date === undefined ? undefined : startOf(found.date, found.total),
      loop: found.options?.async === true ? 'open' : 'closed',
      clock: 'send',
      requestedPerSecond: found.options?.rps,
      achievedPerSecond: found.rps,
      connections: found.options?.concurrency ?? found.options?.c,
      durationS: found.total / 1e9,
      requests: found.count,
      errors: found.count - good,
      percentiles: raw.length === good && good > 0 ? percentilesOfRaw(raw) : percentiles(told),
    };
  },
};

function startOf(endedAt: string, totalNs: number): string | undefined {
  const ms = Date.parse(endedAt) - totalNs / 1e6;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}
