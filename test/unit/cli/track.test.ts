/** `meshtax track` on a cluster of arithmetic: what is asked, in which order, and what of it is called a change. */
import { beforeEach, expect, test } from 'vitest';
import { checks } from '../../../src/checks/index.ts';
import type { ValidityCheck } from '../../../src/model/contracts/check.ts';
import type { App } from '../../../src/cli/app.ts';
import { trackCommand, type TrackOptions } from '../../../src/cli/track.ts';
import { simulated } from '../../../src/clusters/simulated/simulated.ts';
import { collectors } from '../../../src/collectors/index.ts';
import { datapaths } from '../../../src/datapaths/index.ts';
import { generators } from '../../../src/generators/index.ts';
import { ENVOY_VERSIONS } from '../../../src/model/envoy-builds.ts';
import { armOf, trackRecordSchema } from '../../../src/model/track.ts';
import { workloads } from '../../../src/workloads/index.ts';
import { fakeApp } from '../../fake-app.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';

let files: MemoryFiles;
let out: string;
beforeEach(() => {
  files = new MemoryFiles();
  out = '';
});

function app(): App {
  const families = { clusters: [simulated], datapaths, workloads, generators, collectors, checks };
  return fakeApp(fakeSystem({ files }), families, { out: (text) => void (out += text) });
}

/** Every version from this one on needs a quarter more than the one before. */
function experiment(slowFrom: string | undefined, name = 'series'): string {
  const slow = slowFrom === undefined ? [] : ENVOY_VERSIONS.slice(ENVOY_VERSIONS.indexOf(slowFrom as (typeof ENVOY_VERSIONS)[number]));
  const charges = Object.fromEntries(slow.map((version) => [armOf('envoy-sidecar', version), { latency: 0.25 }]));
  return `name: ${name}
cluster: { id: simulated, sigma: 0.1, trialNoise: 0.002, deploymentNoise: 0, charges: ${JSON.stringify(charges)} }
datapaths: [direct, envoy-sidecar]
workloads: [http-echo]
loads: [{ loop: open, rate: 500/s, duration: 2s, warmup: 100ms }]
statistics: { blocks: 12, stop: fixed, cpu: false, seed: track }
`;
}

const options = { component: 'envoy', results: 'results', progress: 'quiet', json: true } satisfies TrackOptions;
async function track(text: string, more: Partial<TrackOptions> = {}) {
  files.content.set('series.yaml', text);
  out = '';
  await trackCommand(app(), 'series.yaml', { ...options, ...more });
  const record = trackRecordSchema.parse(JSON.parse(await files.readText('results/series/series.json')));
  const analysis = JSON.parse(out) as { steps: { older: string; newer: string; outcome: string; metric: { id: string } }[] };
  const changes = analysis.steps.filter(({ outcome, metric }) => outcome === 'change' && metric.id === 'latency.p50');
  return { asked: record.pairs.map(({ older, newer, purpose }) => `${purpose} ${older} ${newer}`), changes };
}

test('a step is measured again before it is called a change, and found among the builds between', async () => {
  const { asked, changes } = await track(experiment('1.38.2'), { versions: ['1.36.2', '1.40.0'], bisect: true });
  expect(asked.slice(0, 3)).toEqual(['pair 1.36.2 1.40.0', 'confirmation 1.36.2 1.40.0', 'bisection 1.36.2 1.38.3']);
  expect(asked.at(-1)).toBe('confirmation 1.37.0 1.38.2');
  expect(changes.map(({ older, newer }) => `${older} ${newer}`)).toEqual(['1.36.2 1.40.0', '1.37.0 1.38.2']);
});

test('where nothing changed nothing is asked twice; the same command again asks nothing', async () => {
  const versions = ['1.38.3', '1.39.3', '1.40.0'];
  const first = await track(experiment(undefined), { versions });
  expect(first).toEqual({ asked: ['pair 1.38.3 1.39.3', 'pair 1.39.3 1.40.0'], changes: [] });
  expect(await track(experiment(undefined), { versions })).toEqual(first);
});

test('interrupted, the command itself is what goes on with the series', async () => {
  const stop = new AbortController();
  files.content.set('series.yaml', experiment(undefined));
  const progress: App['progress'] = () => (event) => (event.kind === 'trial-ended' ? stop.abort() : undefined);
  const tracked = trackCommand({ ...app(), progress, interruption: stop.signal }, 'series.yaml', {
    ...options,
    versions: ['1.39.3', '1.40.0'],
  });
  await expect(tracked).rejects.toMatchObject({ code: 'MT3011' });
  const { asked } = await track(experiment(undefined), { versions: ['1.39.3', '1.40.0'] });
  expect(asked).toEqual(['pair 1.39.3 1.40.0']);
});

test('two versions of which nothing counts are no pair: the same command asks again', async () => {
  const text = experiment(undefined);
  files.content.set('series.yaml', text);
  const busy: ValidityCheck = {
    stage: 'validity',
    code: 'MT0311',
    title: 'nobody else used the CPUs',
    judge: () => ({ level: 'error', detail: 'others used 1.4', why: '', fix: '' }),
  };
  const { families, ...rest } = app();
  const onBusyHost = { ...rest, families: { ...families, checks: [busy] } };
  const versions = ['1.39.3', '1.40.0'];
  await expect(trackCommand(onBusyHost, 'series.yaml', { ...options, versions })).rejects.toMatchObject({ code: 'MT3016', exit: 4 });
  expect(files.content.has('results/series/series.json')).toBe(false);
  expect((await track(text, { versions })).asked).toEqual(['pair 1.39.3 1.40.0']);
});

test('a series is of one component and one experiment', async () => {
  const versions = ['1.39.3', '1.40.0'];
  await track(experiment(undefined), { versions });
  await expect(track(experiment('1.40.0'), { versions })).rejects.toMatchObject({ code: 'MT1015' });
  await expect(track(experiment(undefined), { versions, component: 'istio' })).rejects.toMatchObject({ code: 'MT1015' });
  await expect(track(experiment(undefined, 'other'), { versions, component: 'cilium' })).rejects.toMatchObject({ code: 'MT1012' });
});
