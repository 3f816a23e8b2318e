/** How long do reading, analysing and rendering a stored run take, and how much memory? 100, 1,000 and 10,000 trials. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunRecord, TrialRecord } from '../src/model/records.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const directory = mkdtempSync(`${tmpdir()}/meshtax-speed-`);

/** A simulated run as the pattern; its trials are then repeated under new block numbers. */
function pattern(): { readonly path: string; readonly run: RunRecord; readonly trials: TrialRecord[] } {
  const spec = `name: speed
cluster: { id: simulated, stallsPerSecond: 1, charges: { envoy-sidecar: { latency: 0.5, cpu: 1, memoryMiB: 30 } } }
datapaths: [direct, iptables-service, envoy-sidecar, ebpf-lab]
workloads: [http-echo]
loads: [{ loop: open, rate: 1000/s, duration: 4s, warmup: 0s }]
statistics: { blocks: 25, stop: fixed, cpu: false, seed: speed }
`;
  writeFileSync(path.join(directory, 'e.yaml'), spec);
  execFileSync(process.execPath, [
    '--no-warnings',
    MAIN,
    'run',
    path.join(directory, 'e.yaml'),
    '--results',
    directory,
    '--progress',
    'quiet',
  ]);
  const [id = ''] = readdirSync(path.join(directory, 'speed'));
  const run = path.join(directory, 'speed', id);
  const read = (file: string) => JSON.parse(readFileSync(path.join(run, file), 'utf8')) as unknown;
  const trials = readdirSync(path.join(run, 'trials')).map((name) => read(`trials/${name}/trial.json`) as TrialRecord);
  return { path: run, run: read('run.json') as RunRecord, trials };
}

/** In a process of its own, which tells its largest resident set when it ends. */
function measure(run: string): { seconds: number; maxRssMiB: number } {
  const out = path.join(directory, 'report.html');
  const watcher = path.join(directory, 'watch.mjs');
  writeFileSync(watcher, "process.on('exit', () => process.stderr.write(`RSS ${process.resourceUsage().maxRSS}\\n`));\n");
  const begun = process.hrtime.bigint();
  const child = spawnSync(process.execPath, ['--no-warnings', '--import', watcher, MAIN, 'report', run, '--format', 'html', '--out', out], {
    encoding: 'utf8',
  });
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  if (child.status !== 0) throw new Error(child.stderr);
  return { seconds, maxRssMiB: Number(/RSS (\d+)/.exec(child.stderr)?.[1]) / 1024 };
}

const source = pattern();
for (const count of [100, 1000, 10_000]) {
  const target = path.join(directory, `run-${count}`);
  mkdirSync(path.join(target, 'trials'), { recursive: true });
  cpSync(path.join(source.path, 'run.json'), path.join(target, 'run.json'));
  for (let i = 0; i < count; i++) {
    const trial = source.trials[i % source.trials.length] as TrialRecord;
    const round = Math.floor(i / source.trials.length);
    const block = trial.block + round * source.run.blocks;
    const id = trial.id.replace(/^\d+/, String(block).padStart(3, '0'));
    mkdirSync(path.join(target, 'trials', id));
    const deployment = trial.deployment + round * 7;
    writeFileSync(path.join(target, 'trials', id, 'trial.json'), JSON.stringify({ ...trial, id, block, deployment }));
  }
  const { seconds, maxRssMiB } = measure(target);
  console.log(`${count} trials: read, analysed and rendered as HTML in ${seconds.toFixed(2)} s, at most ${maxRssMiB.toFixed(0)} MiB`);
}
if (process.env['KEEP'] === undefined) rmSync(directory, { recursive: true });
else console.log(directory);
