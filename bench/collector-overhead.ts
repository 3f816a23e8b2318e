/**
 * What all collectors together do to what they measure: one datapath, windows with the collectors and windows without,
 * in pairs of random order; without means that the cAdvisor exporter stands still too. Needs root; about 6 minutes.
 *
 *   node bench/collector-overhead.ts [PAIRS] [RATE]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { intervalOf } from '../src/analysis/statistics/interval.ts';
import { lab } from '../src/clusters/lab/lab.ts';
import { collectors } from '../src/collectors/index.ts';
import { machineCpu } from '../src/collectors/machine-cpu.ts';
import { ebpfLab } from '../src/datapaths/ebpf-lab.ts';
import { envoySidecar } from '../src/datapaths/envoy-sidecar.ts';
import type { Deployment } from '../src/model/contracts/deployment.ts';
import type { GeneratorSession } from '../src/model/contracts/cluster.ts';
import { decode } from '../src/model/histogram.ts';
import { seededRandom } from '../src/model/random.ts';
import { UndoStack } from '../src/run/undo-stack.ts';
import { system } from '../src/system/index.ts';

const PAIRS = Number(process.argv[2] ?? 30);
const RATE = Number(process.argv[3] ?? 500);
const WINDOW_NS = 2.5e9;
const SERVER = {
  workload: 'http-echo',
  protocol: 'http',
  servicePort: 80,
  containerPort: 8080,
  requestBytes: 0,
  responseBytes: 1024,
  delay: { kind: 'none' },
} as const;

/** Those of a latency window; the machine's own CPU is what both kinds of window are compared by. */
const measured = collectors.filter(({ during, id }) => during !== 'ladder' && id !== 'machine-cpu');

async function window(deployment: Deployment, generator: GeneratorSession, on: boolean, seed: string, exporter: number) {
  process.kill(exporter, on ? 'SIGCONT' : 'SIGSTOP');
  const scope = { deployment, generator: undefined, system, host: {} };
  const used = on ? measured.filter((each) => each.absent(deployment, {}) === undefined) : [];
  const open = await Promise.all(used.map((each) => each.open(scope)));
  const machine = await machineCpu.open(scope);
  const result = await generator.load({
    op: 'open-load',
    arms: ['arm'],
    seed,
    arrivals: 'poisson',
    pacing: 'sleep',
    ratePerSecond: RATE,
    durationNs: WINDOW_NS,
    requests: Math.round((RATE * WINDOW_NS) / 1e9),
  });
  const [cpu] = await machine.close();
  process.kill(exporter, 'SIGCONT');
  await Promise.all(open.map((each) => each.close()));
  const histogram = decode(result.arms[0]?.response);
  return {
    p50: histogram?.getValueAtPercentile(50) ?? Number.NaN,
    p99: histogram?.getValueAtPercentile(99) ?? Number.NaN,
    cpu: cpu && 'value' in cpu ? cpu.value : Number.NaN,
  };
}

const undo = new UndoStack(system.clock);
try {
  const options = { runId: `b${system.randomId(5)}`, logDirectory: mkdtempSync(`${tmpdir()}/mt-overhead-`), allowConcurrent: false };
  const session = await lab.open(lab.schema.parse({ id: 'lab' }), system, options, undo.push);
  const exporter = Number(execFileSync('pgrep', ['-f', 'cadvisor/main.ts'], { encoding: 'utf8' }).split('\n')[0]);
  undo.push('the exporter', async () => void process.kill(exporter, 'SIGCONT'));
  for (const datapath of [ebpfLab, envoySidecar]) {
    const deployment = await session.deploy(datapath, datapath.schema.parse({ id: datapath.id }), [SERVER], undo.push);
    const generator = await session.startGenerator(undefined, undo.push);
    await generator.connect({ ...deployment.target(SERVER, 'http1', 8), arm: 'arm' });
    await generator.load({ op: 'closed-load', arm: 'arm', durationNs: 2e9, inFlight: 8 });
    const random = seededRandom('overhead');
    const logs: Record<'p50' | 'p99' | 'cpu', number[]> = { p50: [], p99: [], cpu: [] };
    const ofMachine: number[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const first = random.uniform() < 0.5;
      const a = await window(deployment, generator, first, `${pair}`, exporter);
      const b = await window(deployment, generator, !first, `${pair}`, exporter);
      const [on, off] = first ? [a, b] : [b, a];
      for (const figure of ['p50', 'p99', 'cpu'] as const) logs[figure].push(Math.log(on[figure] / off[figure]));
      ofMachine.push((on.cpu - off.cpu) / (WINDOW_NS * system.host.cpuCount));
    }
    for (const [figure, values] of Object.entries(logs)) {
      const interval = intervalOf(values, 0.95, 'fixed');
      const percent = (log: number | undefined) => `${((Math.exp(log ?? Number.NaN) - 1) * 100).toFixed(2)} %`;
      console.log(
        `${datapath.id}, ${RATE}/s, ${PAIRS} pairs, ${figure} with collectors: ${percent(interval?.estimate)} [${percent(interval?.low)}, ${percent(interval?.high)}]`,
      );
    }
    const share = intervalOf(ofMachine, 0.95, 'fixed');
    const percent = (value: number | undefined) => `${((value ?? Number.NaN) * 100).toFixed(2)} %`;
    console.log(
      `${datapath.id}: of all CPUs the collectors take ${percent(share?.estimate)} [${percent(share?.low)}, ${percent(share?.high)}]`,
    );
  }
} finally {
  await undo.unwind(30_000);
}
