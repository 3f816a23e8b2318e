/**
 * `node bench/site-scale.ts [RUNS]`: a thousand stored runs: how long `meshtax list`, the site, and the site once more take.
 * The runs are one simulated run under many ids; about two minutes.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNS = Number(process.argv[2] ?? 1000);
const EXPERIMENT = `name: many
cluster: { id: simulated, charges: { envoy-sidecar: { latency: 1.5, cpu: 2, memoryMiB: 30 } } }
datapaths: [direct, envoy-sidecar]
workloads: [http-echo]
loads: [{ loop: open, rate: 200/s, duration: 2s }]
statistics: { blocks: 8, stop: fixed, cpu: { shares: [0.2, 0.4, 0.6] } }
`;

const meshtax = async (args: readonly string[]) => {
  const begunMs = performance.now();
  await execa(`${ROOT}/meshtax`, [...args]);
  return (performance.now() - begunMs) / 1000;
};

const directory = await mkdtemp(path.join(tmpdir(), 'meshtax-site-'));
try {
  const results = `${directory}/results`;
  await writeFile(`${directory}/e.yaml`, EXPERIMENT);
  await meshtax(['run', `${directory}/e.yaml`, '--results', results, '--progress', 'quiet']);
  const [first = ''] = await readdir(`${results}/many`);
  const record = await readFile(`${results}/many/${first}/run.json`, 'utf8');
  for (let index = 1; index < RUNS; index++) {
    const id = first.replace(/-.*/, `-${index.toString(36).padStart(6, '0')}`);
    await mkdir(`${results}/many/${id}`, { recursive: true });
    await cp(`${results}/many/${first}`, `${results}/many/${id}`, { recursive: true });
    await writeFile(`${results}/many/${id}/run.json`, record.replaceAll(first, id));
  }
  const site = ['report', '--site', `${directory}/site`, '--results', results];
  console.log(`${RUNS} runs: list ${(await meshtax(['list', '--results', results])).toFixed(2)} s`);
  console.log(`site ${(await meshtax(site)).toFixed(1)} s, once more ${(await meshtax(site)).toFixed(2)} s`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
