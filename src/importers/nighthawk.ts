import { z } from 'zod';
import { jsonObject, percentiles, type Importer } from './importer.ts';
import type { Imported } from '../model/imported.ts';

const seconds = z.string().regex(/^\d+(\.\d+)?s$/);
const schema = z.object({
  options: z.object({
    requests_per_second: z.coerce.number().optional(),
    connections: z.coerce.number().optional(),
    open_loop: z.boolean().optional(),
  }),
  results: z.array(
    z.object({
      name: z.string(),
      statistics: z.array(
        z.object({
          id: z.string(),
          count: z.coerce.number(),
          percentiles: z.array(z.object({ percentile: z.number().optional(), duration: seconds.optional() })).optional(),
        }),
      ),
      counters: z.array(z.object({ name: z.string(), value: z.coerce.number() })).optional(),
      execution_duration: seconds.optional(),
    }),
  ),
  timestamp: z.string().optional(),
});
const LATENCY = 'benchmark_http_client.request_to_response';
const FAILED = /^benchmark\.(http_[345]xx|http_xxx|stream_resets|pool_connection_failure)$/;

/** Nighthawk's own JSON: latency from the send, rates and connections a worker each, HDR percentiles that are not round. */
export const nighthawk: Importer = {
  id: 'nighthawk',
  title: 'Nighthawk JSON',
  recognises: (text) => text.includes(LATENCY) && jsonObject(text)?.['results'] !== undefined,
  parse(text): Imported {
    const { options, results, timestamp } = schema.parse(JSON.parse(text));
    const whole = results.find(({ name }) => name === 'global') ?? results[0];
    const latency = whole?.statistics.find(({ id }) => id === LATENCY);
    if (!whole || !latency) throw new Error(`it has no statistic ${LATENCY}`);
    const workers = results.length === 1 ? 1 : results.length - 1;
    const counter = (name: string) => whole.counters?.find((each) => each.name === name)?.value ?? 0;
    const durationS = whole.execution_duration === undefined ? undefined : Number(whole.execution_duration.slice(0, -1));
    const ladder = (latency.percentiles ?? []).map(
      (each) => [each.percentile ?? 0, Number((each.duration ?? 'NaN').replace('s', '')) * 1e9] as const,
    );
    const wanted = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999].flatMap((share) => {
      const row = ladder.find(([each]) => each >= share && each < 1);
      return row ? [[share, row[1]] as const] : [];
    });
    const perWorker = (each: number | undefined) => (each === undefined ? undefined : each * workers);
    return {
      tool: 'Nighthawk',
      startedAt: timestamp,
      loop: options.open_loop === true ? 'open' : 'closed',
      clock: 'send',
      requestedPerSecond: perWorker(options.requests_per_second),
      connections: perWorker(options.connections),
      achievedPerSecond: durationS === undefined || durationS === 0 ? undefined : counter('upstream_rq_total') / durationS,
      durationS,
      requests: latency.count,
      errors:
        (whole.counters ?? []).reduce((sum, { name, value }) => sum + (FAILED.test(name) ? value : 0), 0) +
        counter('benchmark.pool_overflow'),
      percentiles: percentiles(wanted),
    };
  },
};
