/**
 * Do datapaths that are alive at once slow each other down? Each arm alone (block) against all together (duet), at
 * rising load; what the gate of the duet is set from (docs/decisions/011-coupling-gate.md). Needs root; about 12 min.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Analysis } from '../src/analysis/analyse.ts';
import type { TrialRecord } from '../src/model/records.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const RATES = (process.argv[2] ?? '100,250,500,800,1100').split(',').map(Number);
const BLOCKS = Number(process.argv[3] ?? 8);
const directory = mkdtempSync(`${tmpdir()}/meshtax-coupling-`);

interface Measured {
  readonly analysis: Analysis;
  readonly utilisation: number;
}

function measure(design: 'block' | 'duet', rate: number): Measured {
  const file = path.join(directory, `${design}-${rate}.yaml`);
  const loads = [{ loop: 'open', rate: `${rate}/s`, warmup: '300ms', duration: '3s' }];
  const statistics = { blocks: BLOCKS, stop: 'fixed', design, cpu: false, blocksPerDeployment: 4, seed: 'coupling' };
  writeFileSync(
    file,
    stringify({
      name: `coupling-${design}`,
      datapaths: ['direct', 'ebpf-lab', 'envoy-sidecar'],
      workloads: ['http-echo'],
      loads,
      statistics,
    }),
  );
  const results = path.join(directory, `results-${design}-${rate}`);
  const command = ['--no-warnings', MAIN, 'run', file, '--results', results, '--json', '--progress', 'quiet'];
  // Some invalid trials (exit 4) are a result too: at high load the rate is not always achieved.
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (stdout === '') throw new Error(stderr);
  return { analysis: (JSON.parse(stdout) as { analysis: Analysis }).analysis, utilisation: utilisationOf(results) };
}

/** Mean of what the machine's own counters said in the windows. */
function utilisationOf(results: string): number {
  const files = (readdirSync(results, { recursive: true }) as string[]).filter((name) => name.endsWith('trial.json'));
  const trials = files.map((name) => JSON.parse(readFileSync(path.join(results, name), 'utf8')) as TrialRecord);
  const shares = trials.flatMap((trial) => trial.sharedUtilisation ?? []);
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

function figure({ analysis }: Measured, arm: string, id: string) {
  const metric = analysis.comparisons[0]?.cells.find((cell) => cell.arm === arm)?.metrics.find((each) => each.metric.id === id);
  return { value: metric?.value?.estimate ?? Number.NaN, difference: metric?.versus?.difference };
}

const us = (ns: number | undefined) => (ns === undefined ? '' : (ns / 1000).toFixed(0));
console.log('rate/s per arm, CPUs busy together: arm, figure, alone us, together us; added alone [interval], added together [interval]');
for (const rate of RATES) {
  const [alone, together] = [measure('block', rate), measure('duet', rate)];
  for (const arm of ['direct', 'ebpf-lab', 'envoy-sidecar']) {
    for (const id of ['latency.p50', 'latency.p90', 'latency.p99']) {
      const [a, b] = [figure(alone, arm, id), figure(together, arm, id)];
      const added = (each: typeof a) =>
        each.difference ? `${us(each.difference.estimate)} [${us(each.difference.low)}, ${us(each.difference.high)}]` : '-';
      console.log(
        `${rate}/s, ${Math.round(together.utilisation * 100)} %: ${arm} ${id} ${us(a.value)} ${us(b.value)}; ${added(a)}, ${added(b)}`,
      );
    }
  }
}
