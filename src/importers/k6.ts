import { jsonObject, percentiles, type Importer } from './importer.ts';
import type { Imported } from '../model/imported.ts';

type Values = Readonly<Record<string, unknown>>;

/** k6's end-of-test summary, as exported or as handed to handleSummary: ms, and only the percentiles that were asked for. */
export const k6: Importer = {
  id: 'k6',
  title: 'k6 summary JSON',
  recognises: (text) => /"metrics"/.test(text) && /"(http_req_duration|grpc_req_duration)"/.test(text) && jsonObject(text) !== undefined,
  parse(text): Imported {
    const root = jsonObject(text) ?? {};
    const metrics = (root['metrics'] ?? {}) as Readonly<Record<string, Values>>;
    const valuesOf = (name: string): Values => (metrics[name]?.['values'] as Values | undefined) ?? metrics[name] ?? {};
    const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
    const latency = metrics['http_req_duration'] ? valuesOf('http_req_duration') : valuesOf('grpc_req_duration');
    if (Object.keys(latency).length === 0) throw new Error('it has no request duration');
    const requests = valuesOf('http_reqs');
    const failed = valuesOf('http_req_failed');
    const failures = [number(failed['passes']), number(valuesOf('dropped_iterations')['count'])].filter((each) => each !== undefined);
    const state = root['state'] as Values | undefined;
    const [count, rate] = [number(requests['count']), number(requests['rate'])];
    const ms = number(state?.['testRunDurationMs']);
    const own = Object.entries(latency).flatMap(([key, value]) => {
      const share = key === 'med' ? 0.5 : Number(/^p\((\d+(?:\.\d+)?)\)$/.exec(key)?.[1] ?? Number.NaN) / 100;
      return typeof value === 'number' && Number.isFinite(share) ? [[share, value * 1e6] as const] : [];
    });
    return {
      tool: 'k6',
      loop: 'unknown',
      clock: 'send',
      achievedPerSecond: rate,
      durationS: ms === undefined ? (count !== undefined && rate ? count / rate : undefined) : ms / 1000,
      requests: count,
      // Of a rate of failures, `passes` counts what failed; of gRPC there is none.
      errors: failures.length === 0 ? undefined : failures.reduce((sum, each) => sum + each, 0),
      percentiles: percentiles(own),
    };
  },
};
