/** Options that say something else than what would be done are refused, before anything is done. */
import { expect, test } from 'vitest';
import { doctorCommand } from '../../../src/cli/doctor.ts';
import { lintCommand } from '../../../src/cli/lint.ts';
import { planExperiment, planFromFile } from '../../../src/cli/planning.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { defaultRunOptions, runCommand } from '../../../src/cli/run.ts';
import { setupCommand } from '../../../src/cli/setup.ts';
import { trackCommand } from '../../../src/cli/track.ts';
import { clusters } from '../../../src/clusters/index.ts';
import { collectors } from '../../../src/collectors/index.ts';
import { datapaths } from '../../../src/datapaths/index.ts';
import { generators } from '../../../src/generators/index.ts';
import { system } from '../../../src/system/index.ts';
import { explainPlan } from '../../../src/plan/explain.ts';
import type { System } from '../../../src/model/ports.ts';
import { workloads } from '../../../src/workloads/index.ts';
import { fakeApp } from '../../fake-app.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';

const SPEC = `name: x
cluster: { id: simulated }
datapaths: [direct, envoy-sidecar, ebpf-lab]
workloads: [http-echo]
loads: [{ loop: open, rate: 500/s, duration: 2s }]
statistics: { blocks: 12, stop: fixed, seed: s }
`;
const files = new MemoryFiles({ 'e.yaml': SPEC });
const app = (system: System = fakeSystem({ files })) =>
  fakeApp(system, { clusters, datapaths, workloads, generators, collectors, checks: [] });
/** It reads what the project knows of the charts. */
const lintApp = () => {
  const projectRoot = new URL('../../..', import.meta.url).pathname;
  return app({ ...system, host: { ...system.host, projectRoot } });
};
const options = { ...defaultRunOptions, progress: 'quiet' as const };

test.each<readonly [string, () => Promise<unknown>]>([
  ['an experiment beside --resume', () => runCommand(app(), 'e.yaml', { ...options, resume: 'latest' })],
  ['a port that is none', () => runCommand(app(), 'e.yaml', { ...options, metricsPort: 'abc' })],
  ['a cluster of which there may be several', () => doctorCommand(app(), { cluster: 'kubernetes' })],
  ['a chart that is none', () => lintCommand(lintApp(), ['e.yaml'], { cilium: '1.19.6', istio: '1.30.3', chart: 'ciliun' })],
  ['--check of what would be brought', () => setupCommand(app(), { check: true, envoy: ['1.38.3'] })],
])('%s', async (_title, command) => {
  await expect(command()).rejects.toMatchObject({ code: 'MT1005' });
  expect([...files.content.keys()]).toEqual(['e.yaml']);
});

test.each(['report --site s --format html', 'report --site s --nodes 5', 'report --site s latest', 'doctor --deep --json'])(
  '%s',
  async (line) => {
    const told = runProgram({ ...app(), argv: line.split(' ') }).catch((error: unknown) => error);
    expect([2, expect.objectContaining({ code: 'MT1005' })]).toContainEqual(await told);
    expect([...files.content.keys()]).toEqual(['e.yaml']);
  },
);

test('a folder that cannot be made is told, and named', async () => {
  const closed = Object.assign(new MemoryFiles({ 'e.yaml': SPEC }), { makeDirectory: () => Promise.reject(new Error('EACCES')) });
  const site = runProgram({ ...app(fakeSystem({ files: closed })), argv: ['report', '--site', 's'] });
  await expect(site).rejects.toMatchObject({ code: 'MT1008', message: expect.stringContaining('s/runs') as string });
});

test('two of one series at once: the second is told, and overwrites nothing', async () => {
  const held = { ...fakeSystem({ files }), locks: { take: async () => undefined } };
  const track = trackCommand(app(held), 'e.yaml', { component: 'envoy', results: 'results', progress: 'quiet' });
  await expect(track).rejects.toMatchObject({ code: 'MT4006' });
});

test('more blocks than can be read again are not planned; without a fixed number it ends where it can be read', () => {
  const plan = (statistics: string) => planExperiment(app(), SPEC.replace(/^statistics.*/m, `statistics: ${statistics}`), 'e.yaml', {});
  const each = plan('{ blocks: 2, stop: fixed }').file.trials.length / 2;
  const most = Math.floor(50_000 / each);
  expect(most).toBeLessThan(5000);
  expect(() => plan('{ blocks: 5000, stop: fixed }')).toThrow(/50000 that can be read as one run/);
  expect(plan('{ blocks: 5000 }').plan.blocks).toHaveLength(most);
});

test('more blocks than can be read again are planned where a budget leaves few enough', () => {
  const text = SPEC.replace(/^statistics.*/m, 'statistics: { blocks: 5000, stop: fixed }');
  expect(planExperiment(app(), text, 'e.yaml', { budget: '10m' }).plan.blocks.length).toBeLessThan(1000);
});

test('a budget holds for a run that measures all of its blocks too', () => {
  const text = SPEC.replace(/^statistics.*/m, 'statistics: { blocks: 500, measureAll: true }');
  const { plan } = planExperiment(app(), text, 'e.yaml', { budget: '10m' });
  expect(plan.blocks.length).toBeLessThan(500);
  expect(explainPlan(plan, [])).toContain(`${plan.blocks.length} blocks (seed`);
});

test('a stranger’s plan asks for no more blocks than an experiment may', async () => {
  const { file } = planExperiment(app(), SPEC, 'e.yaml', {});
  files.content.set('plan.json', JSON.stringify({ ...file, overrides: { blocks: 1e8 } }));
  await expect(planFromFile(app(), 'plan.json', {})).rejects.toMatchObject({ code: 'MT3010' });
  files.content.delete('plan.json');
});
