import { z } from 'zod';
import { jsonObject, percentiles, type Importer } from './importer.ts';
import type { Imported } from '../model/imported.ts';

const histogramSchema = z.object({
  Count: z.coerce.number(),
  Data: z.array(z.object({ Start: z.number(), End: z.number(), Percent: z.number() })).nullish(),
  Percentiles: z.array(z.object({ Percentile: z.number(), Value: z.number() })).nullish(),
});
const schema = z.object({
  StartTime: z.string().optional(),
  Version: z.string().optional(),
  RequestedQPS: z.union([z.string(), z.number()]),
  ActualQPS: z.number(),
  ActualDuration: z.coerce.number(),
  NumThreads: z.number(),
  DurationHistogram: histogramSchema,
  ErrorsDurationHistogram: histogramSchema.nullish(),
  RetCodes: z.record(z.string(), z.coerce.number()).nullish(),
  /** Nighthawk's fortio format has it; fortio itself says `Exactly`. */
  BytesReceived: z.unknown().optional(),
  Exactly: z.unknown().optional(),
});
/** A bucket this much wider than the percentile inside of it leaves the percentile open. */
const COARSE = 0.1;
const GOOD = /^(2\d\d|418|SERVING|1)$/;

/** fortio's result (periodic.RunnerResults), and what Nighthawk writes like it: seconds, send clock, paced closed loop. */
export const fortio: Importer = {
  id: 'fortio',
  title: 'fortio JSON',
  recognises: (text) => /"DurationHistogram"/.test(text) && /"ActualQPS"/.test(text) && jsonObject(text) !== undefined,
  parse(text): Imported {
    const found = schema.parse(JSON.parse(text));
    const { DurationHistogram: all, ErrorsDurationHistogram: failed, RetCodes: codes } = found;
    const requested = Number(found.RequestedQPS);
    const bad = Object.entries(codes ?? {}).reduce((sum, [code, count]) => sum + (GOOD.test(code) ? 0 : count), 0);
    const isNighthawk = found.BytesReceived !== undefined && found.Exactly === undefined;
    const own = (all.Percentiles ?? []).map(({ Percentile, Value }) => [Percentile / 100, Value * 1e9] as const);
    return {
      tool: isNighthawk ? 'nighthawk' : 'fortio',
      toolVersion: found.Version,
      startedAt: found.StartTime,
      loop: isNighthawk ? 'unknown' : 'closed', // Nighthawk has both, and does not say
      clock: 'send',
      requestedPerSecond: Number.isFinite(requested) ? requested : undefined,
      achievedPerSecond: found.ActualQPS,
      connections: found.NumThreads,
      durationS: found.ActualDuration / 1e9,
      requests: all.Count,
      // Nighthawk counts no code but 200 and its latencies are of all.
      errors: isNighthawk ? Math.max(0, all.Count - (codes?.['200'] ?? 0)) : (failed?.Count ?? bad),
      percentiles: percentiles(own),
      coarse: own.flatMap(([share, ns]) => {
        const bucket = all.Data?.find(({ Percent }) => Percent / 100 >= share - 1e-9);
        return bucket && (bucket.End - bucket.Start) * 1e9 > COARSE * ns ? [[share, bucket.Start * 1e9, bucket.End * 1e9] as const] : [];
      }),
    };
  },
};
