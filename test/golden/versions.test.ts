/** Runs of every format that was ever released stay readable; of a newer one the version is named. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.ts';
import { MeshtaxError } from '../../src/model/errors.ts';
import { SCHEMA_VERSION, type RunRecord } from '../../src/model/records.ts';
import { renderStored } from '../../src/report/render/stored.ts';
import { listRuns, readRun, verifyChecksums } from '../../src/store/read.ts';
import { files } from '../../src/system/files.ts';
import { MemoryFiles } from '../fakes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = `${ROOT}test/fixtures/runs`;
const kept = readdirSync(fixtures).map((name) => `${fixtures}/${name}`);
const published = (await listRuns(`${ROOT}results/published`, files)).map(({ path }) => path);
const versionOf = (path: string) => (JSON.parse(readFileSync(`${path}/run.json`, 'utf8')) as RunRecord).schemaVersion;
const byVersion = new Map([...kept, ...published].map((path) => [versionOf(path), path]));

test('there is one of every version', () => {
  expect([...byVersion.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1));
});

test.each([...byVersion])('a run of version %i is whole, analysed and reported', async (version, path) => {
  const stored = await readRun(path, files);
  expect(stored.run.schemaVersion).toBe(version);
  expect(await verifyChecksums(path, files)).toBeGreaterThan(stored.trials.length);
  const analysis = analyse(stored);
  expect(analysis.comparisons.flatMap(({ cells }) => cells).every(({ metrics }) => metrics.length > 0)).toBe(true);
  for (const format of ['html', 'md', 'text', 'json'] as const) expect((await renderStored(stored, format)).length).toBeGreaterThan(1000);
});

test('a newer one is refused, with its version', async () => {
  const record = JSON.parse(readFileSync(`${kept[0]}/run.json`, 'utf8')) as RunRecord;
  const newer = new MemoryFiles({ 'r/run.json': JSON.stringify({ ...record, schemaVersion: SCHEMA_VERSION + 1 }) });
  const error = await readRun('r', newer).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(MeshtaxError);
  expect((error as MeshtaxError).code).toBe('MT4004');
  expect((error as MeshtaxError).message).toContain(`format ${SCHEMA_VERSION + 1}, this one reads up to ${SCHEMA_VERSION}`);
});
