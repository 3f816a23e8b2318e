/**
 * `npm run soak -- --minutes 120 --out docs/reliability/soak.json`: a long adaptive run in the lab. Do meshtax, its generator and its
 * servers grow? Memory and descriptors every ten seconds, and the slope over the second half, when everything is warm, with its
 * interval over means of five minutes (neighbouring samples are not independent).
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { linearRegression } from 'simple-statistics';
import { studentTQuantile } from '../../src/analysis/statistics/student-t.ts';
import { descendantsOf } from '../crash/processes.ts';
import { watchRun, within } from '../crash/watched-run.ts';
import { workspace } from '../e2e/machine.ts';

const SAMPLE_MS = 10_000;
const MEAN_OF = 30;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '120' }, out: { type: 'string' } } });
const minutes = Number(values.minutes);

/** Nothing is ever resolved to within a tenth of a percent: it measures until its time is over. */
const EXPERIMENT = `name: soak
datapaths: [direct, envoy-sidecar, ebpf-lab]
workloads: [http-echo, grpc-unary]
loads: [{ loop: open, rate: 300/s, duration: 4s, warmup: 500ms }]
statistics: { blocks: 5000, stop: when-resolved, margin: 0.001, budget: ${minutes}m, blocksPerDeployment: 6 }
`;

interface Sample {
  readonly atS: number;
  readonly rssMiB: number;
  readonly descriptors: number;
}

export interface Slope {
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

export interface SoakRecord {
  readonly minutes: number;
  readonly exit: number | string;
  readonly trials: number;
  readonly journalBytes: number;
  readonly runBytes: number;
  readonly figures: readonly {
    readonly role: string;
    readonly samples: number;
    readonly firstMiB: number;
    readonly lastMiB: number;
    readonly mostMiB: number;
    readonly memoryPerHourMiB: Slope | undefined;
    readonly descriptorsMost: number;
    readonly descriptorsPerHour: Slope | undefined;
  }[];
}

/** Of means over five minutes, per hour, 95 %; undefined for fewer than four of them. */
function slopeOf(samples: readonly Sample[], of: (sample: Sample) => number): Slope | undefined {
  const warm = samples.slice(Math.floor(samples.length / 2));
  const means: [number, number][] = [];
  for (let at = 0; at + MEAN_OF <= warm.length; at += MEAN_OF) {
    const part = warm.slice(at, at + MEAN_OF);
    const mean = (each: (sample: Sample) => number) => part.reduce((sum, sample) => sum + each(sample), 0) / part.length;
    means.push([mean(({ atS }) => atS / 3600), mean(of)]);
  }
  if (means.length < 4) return undefined;
  const { m, b } = linearRegression(means);
  const meanX = means.reduce((sum, [x]) => sum + x, 0) / means.length;
  const spread = means.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const residual = means.reduce((sum, [x, y]) => sum + (y - b - m * x) ** 2, 0) / (means.length - 2);
  const half = studentTQuantile(0.975, means.length - 2) * Math.sqrt(residual / spread);
  return { perHour: m, low: m - half, high: m + half };
}

function look(pid: number, atS: number): Sample | undefined {
  try {
    const rssKiB = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    return { atS, rssMiB: rssKiB / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

function roleOf(pid: number): string | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = command.findIndex((word) => word.endsWith('meshtax.mjs'));
    return at < 0 ? undefined : command[at + 1];
  } catch {
    return undefined;
  }
}

const space = await workspace();
try {
  const file = await space.write('e.yaml', EXPERIMENT);
  const run = watchRun(['run', file, '--results', space.results]);
  await run.reached('trial-ended', 1);
  const begunMs = performance.now();
  const series = new Map<string, Sample[]>([['meshtax', []]]);
  for (let ended: unknown; ended === undefined;) {
    const atS = (performance.now() - begunMs) / 1000;
    const seen = new Map<string, Sample>();
    const own = look(run.pid, atS);
    if (own) seen.set('meshtax', own);
    // Servers come and go with their deployments: the largest of each role stands for it.
    for (const pid of descendantsOf(run.pid)) {
      const role = roleOf(pid);
      const sample = role === undefined ? undefined : look(pid, atS);
      const other = role === undefined ? undefined : seen.get(role);
      if (role !== undefined && sample && (!other || sample.rssMiB > other.rssMiB)) seen.set(role, sample);
    }
    for (const [role, sample] of seen) series.set(role, [...(series.get(role) ?? []), sample]);
    ended = await within(SAMPLE_MS, run.exit);
  }
  const exit = await run.exit;
  const lasted = (performance.now() - begunMs) / 60_000;
  const figures = [...series].map(([role, samples]) => ({
    role,
    samples: samples.length,
    firstMiB: Math.round(samples[0]?.rssMiB ?? 0),
    lastMiB: Math.round(samples.at(-1)?.rssMiB ?? 0),
    mostMiB: Math.round(Math.max(...samples.map(({ rssMiB }) => rssMiB))),
    memoryPerHourMiB: slopeOf(samples, ({ rssMiB }) => rssMiB),
    descriptorsMost: Math.max(...samples.map(({ descriptors }) => descriptors)),
    descriptorsPerHour: slopeOf(samples, ({ descriptors }) => descriptors),
  }));
  const bytes = (name: string) => statSync(`${run.directory()}/${name}`).size;
  const record: SoakRecord = {
    minutes: lasted,
    exit,
    trials: run.ended.length,
    journalBytes: bytes('journal.jsonl'),
    runBytes: bytes('run.json'),
    figures,
  };
  console.log(JSON.stringify(record, null, 1));
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(record, null, 1)}\n`);
} finally {
  await space.remove();
}
