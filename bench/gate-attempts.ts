/**
 * `node bench/gate-attempts.ts [ATTEMPTS] [slow,same]`: the gate on real lab runs with a slowdown of known size. Every attempt is a
 * run of its own under three minutes, of one datapath twice: as it is, and with a server that computes longer, so much that its p50 is
 * 5 % slower (`slow`), or as it is again (`same`). The gate must catch the first and let the second pass. Needs root and a quiet
 * machine; two hours for 20 of each.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { Analysis } from '../src/analysis/analyse.ts';
import type { GateResult } from '../src/analysis/gate.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const ATTEMPTS = Number(process.argv[2] ?? 20);
const KINDS = (process.argv[3] ?? 'slow,same').split(',') as readonly Kind[];
const BLOCKS = Number(process.argv[4] ?? 32);
const BLOCKS_PER_DEPLOYMENT = 2;
/** Halfway between none and what is injected. */
const RULE = 'p50 > +2.5%';
const INJECTED = 0.05;
type Kind = 'slow' | 'same';
/** What is injected for the pilot: computing longer costs more than itself, how much more is measured. */
const PILOT_NS = 4000;

const directory = await mkdtemp(path.join(tmpdir(), 'meshtax-gate-'));
const meshtax = (args: readonly string[]) => execa(process.execPath, ['--no-warnings', MAIN, ...args], { reject: false });

/** Its p50 of `direct`, ns, and how long it took. */
async function measure(name: string, kind: Kind, slowdownNs: number, blocks = BLOCKS): Promise<{ p50Ns: number; tookS: number }> {
  const file = `${directory}/${name}.yaml`;
  const text = stringify({
    name,
    datapaths: ['direct', { id: 'direct', name: kind, ...(kind === 'slow' ? { slowdown: `${slowdownNs}ns` } : {}) }],
    workloads: ['http-echo'],
    loads: [{ loop: 'open', rate: '500/s', warmup: '500ms', duration: '2s' }],
    statistics: { blocks, stop: 'fixed', design: 'duet', cpu: false, blocksPerDeployment: BLOCKS_PER_DEPLOYMENT },
  });
  await writeFile(file, text);
  const begunMs = performance.now();
  const { stdout, stderr } = await meshtax(['run', file, '--results', `${directory}/results`, '--json', '--progress', 'quiet']);
  if (stdout === '') throw new Error(stderr);
  const { analysis } = JSON.parse(stdout) as { analysis: Analysis };
  const p50 = analysis.comparisons[0]?.cells[0]?.metrics.find(({ metric }) => metric.id === 'latency.p50')?.value;
  if (!p50) throw new Error(`${name}: no p50 was measured`);
  return { p50Ns: p50.estimate, tookS: (performance.now() - begunMs) / 1000 };
}

async function judge(): Promise<GateResult | undefined> {
  const { stdout, stderr } = await meshtax(['gate', 'latest', '--results', `${directory}/results`, '--fail-if', RULE, '--json']);
  if (stdout === '') throw new Error(stderr);
  const { results } = JSON.parse(stdout) as { results: GateResult[] };
  return results[0];
}

const percent = (ratio: number | undefined) => (ratio === undefined ? '' : (ratio * 100).toFixed(2));
const shown = (result: GateResult | undefined) =>
  `${result?.outcome} ${percent(result?.interval?.estimate)} [${percent(result?.interval?.low)}, ${percent(result?.interval?.high)}] %`;

try {
  const pilot = await measure('gate-pilot', 'slow', PILOT_NS, 2 * BLOCKS);
  const pilotEffect = (await judge())?.interval?.estimate ?? Number.NaN;
  const slowdownNs = Math.round((PILOT_NS * INJECTED) / pilotEffect);
  console.log(
    `p50 ${(pilot.p50Ns / 1000).toFixed(1)} us; ${PILOT_NS} ns made it ${percent(pilotEffect)} % slower; injected ${slowdownNs} ns; rule ${RULE}; ${BLOCKS} blocks, ${BLOCKS_PER_DEPLOYMENT} a deployment`,
  );
  const wanted: Readonly<Record<Kind, GateResult['outcome']>> = { slow: 'fail', same: 'pass' };
  const right: Record<Kind, number> = { slow: 0, same: 0 };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    for (const kind of KINDS) {
      const { p50Ns, tookS } = await measure(`gate-${kind}-${attempt}`, kind, slowdownNs);
      const result = await judge();
      right[kind] += result?.outcome === wanted[kind] ? 1 : 0;
      console.log(`${attempt}: ${tookS.toFixed(0)} s, p50 ${(p50Ns / 1000).toFixed(1)} us; ${kind}: ${shown(result)}`);
    }
  }
  for (const kind of KINDS) console.log(`${kind}: ${right[kind]} of ${ATTEMPTS} as wanted (${wanted[kind]})`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
