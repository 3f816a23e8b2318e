/** A real Prometheus scrapes what a run serves; skipped where there is none (Debian: `apt-get install prometheus`). */
import { accessSync } from 'node:fs';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.ts';
import { metricsServer } from '../../src/cli/metrics-server.ts';
import { direct } from '../../src/datapaths/direct.ts';
import { system } from '../../src/system/index.ts';
import { runOf, trialOf } from '../records.ts';
import { httpServer, inLab } from './in-lab.ts';
import { workspace, type Workspace } from './machine.ts';

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(() => space.remove());

const PROMETHEUS = '/usr/bin/prometheus';
const isThere = (() => {
  try {
    accessSync(PROMETHEUS);
    return true;
  } catch {
    return false;
  }
})();
const PORTS = { metrics: 19_477, prometheus: 19_490 };
const trials = [0, 1, 2].flatMap((block) => [
  trialOf({ block, position: 0, arm: 'direct', latenciesNs: Array.from({ length: 2000 }, (_, i) => 100_000 + i * 100) }),
  trialOf({ block, position: 1, arm: 'envoy', latenciesNs: Array.from({ length: 2000 }, (_, i) => 600_000 + i * 300) }),
]);
const stored = runOf(trials);

async function query(promQl: string): Promise<{ labels: Record<string, string>; value: number }[]> {
  const response = await fetch(`http://127.0.0.1:${PORTS.prometheus}/api/v1/query?query=${encodeURIComponent(promQl)}`);
  const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } };
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

test.skipIf(!isThere)('queries give what the report says, and the cAdvisor page is taken with its own timestamps', async () => {
  await inLab(space.directory, async (session, undo) => {
    await session.deploy(direct, direct.schema.parse({ id: 'direct' }), [httpServer(8080)], undo.push);
    const server = await metricsServer(system, PORTS.metrics, stored.run, trials, 12);
    undo.push('the metrics server', () => server.close());
    server.opened(session);
    const target = `static_configs: [{ targets: ['127.0.0.1:${PORTS.metrics}'] }]`;
    const configuration = await space.write(
      'prometheus.yml',
      `global: { scrape_interval: 1s }\nscrape_configs:\n- { job_name: meshtax, ${target} }\n- { job_name: cadvisor, metrics_path: /metrics/cadvisor, ${target} }\n`,
    );
    const prometheus = execa(
      PROMETHEUS,
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${space.directory}/tsdb`,
        `--web.listen-address=127.0.0.1:${PORTS.prometheus}`,
      ],
      { reject: false },
    );
    undo.push('prometheus', async () => {
      prometheus.kill();
      await prometheus;
    });
    await expect
      .poll(async () => (await query('up == 1').catch(() => [])).length + (await query('meshtax_requests_total').catch(() => [])).length, {
        timeout: 30_000,
        interval: 500,
      })
      .toBe(4);

    const cells = analyse(stored).comparisons[0]?.cells ?? [];
    const reported = (arm: string, id: string) =>
      cells.find((cell) => cell.arm === arm)?.metrics.find(({ metric }) => metric.id === id)?.value?.estimate ?? Number.NaN;
    const cpu = await query(
      '1e12 * meshtax_component_cpu_seconds_total{component="machine"} / on(workload,load,arm) meshtax_requests_total',
    );
    for (const { labels, value } of cpu) expect(value).toBeCloseTo(reported(labels['arm'] ?? '', 'cpu.machine'), -2);
    expect(cpu).toHaveLength(2);
    const p99 = await query('1e9 * histogram_quantile(0.99, meshtax_request_duration_seconds_bucket)');
    for (const { labels, value } of p99) expect(Math.abs(value / reported(labels['arm'] ?? '', 'latency.p99') - 1)).toBeLessThan(0.1); // a bucket is a tenth wide
    const exact = await query('meshtax_estimate{metric="latency.p99",bound="estimate"}');
    for (const { labels, value } of exact) expect(value).toBe(reported(labels['arm'] ?? '', 'latency.p99'));

    await expect
      .poll(async () => (await query('container_cpu_usage_seconds_total{container="server-app",namespace="direct"}')).length)
      .toBe(1);
    const [age] = await query('time() - timestamp(container_cpu_usage_seconds_total{container="server-app"})');
    expect(age?.value).toBeGreaterThan(0);
    expect(age?.value).toBeLessThan(5);
  });
});
