/** Published reports are what the published runs give, byte for byte; published runs name nothing of the machine. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { essentialsOf, openQuestions } from '../../src/analysis/resolution.ts';
import { renderStored } from '../../src/report/render/stored.ts';
import { listRuns, readRun, verifyChecksums } from '../../src/store/read.ts';
import { filesBelow } from '../../src/store/run-directory.ts';
import { readTrack } from '../../src/store/track.ts';
import { files } from '../../src/system/files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [RESULTS, REPORTS] = [`${ROOT}results/published`, `${ROOT}reports/published`];
const runs = await Promise.all(
  (await listRuns(RESULTS, files)).map(async ({ folder, path, record }) => {
    return { name: record.id, path, ofSeries: (await readTrack(folder, files)) !== undefined };
  }),
);
/** The runs of a series are told by its page. */
const alone = runs.filter(({ ofSeries }) => !ofSeries);
const NAMES_A_PLACE = /"\/[a-z]+\/|\/(?:home|root|tmp|work|run|usr)\//;

test('at least one run is published', () => expect(runs.length).toBeGreaterThan(0));

describe.each(alone)('report of the published run $name', ({ name, path }) => {
  test.each(['html', 'md'] as const)('as %s it is what `npm run published` renders', async (format) => {
    const stored = readFileSync(`${REPORTS}/${name}.${format}`, 'utf8');
    expect((await renderStored(await readRun(path, files), format)) === stored, 'the report is out of date: npm run published').toBe(true);
  });
});

describe.each(runs)('published run $name', ({ path }) => {
  test('judged by what a run keeps in memory of its trials, the same questions are open', async () => {
    const { run, trials } = await readRun(path, files);
    const kept = trials.map(essentialsOf);
    const openAt = (margin: number) => [trials, kept].map((each) => [...openQuestions(each, { ...run, margin })]);
    for (const margin of [1, 0.05, 1e-5]) {
      const [whole, essential] = openAt(margin);
      expect(essential).toEqual(whole);
    }
    expect(JSON.stringify(kept).length).toBeLessThan(JSON.stringify(trials).length * 0.7);
  });

  test('is complete and unchanged since it was sealed', async () => {
    const { run, trials } = await readRun(path, files);
    expect(await verifyChecksums(path, files)).toBeGreaterThan(trials.length);
    expect(run).toMatchObject({ status: 'complete', sealed: true });
    expect(trials.every((trial) => trial.path.exact)).toBe(true);
  });

  test('holds no absolute path, user or host name', async () => {
    for (const file of await filesBelow(path, files)) {
      const text = readFileSync(`${path}/${file}`, 'utf8').replaceAll(/"hdr": "[^"]*"/g, '');
      expect(text).not.toMatch(NAMES_A_PLACE);
    }
  });
});

test('the site is what `npm run published` renders, and names nothing of the machine', async () => {
  const site = mkdtempSync(`${tmpdir()}/meshtax-site-`);
  try {
    const { stderr } = await execa(`${ROOT}meshtax`, ['report', '--site', site, '--results', RESULTS]);
    expect(stderr).toBe('');
    const names = await filesBelow(site, files);
    expect(await filesBelow(`${REPORTS}/site`, files)).toEqual(names);
    const outdated = names.filter((name) => readFileSync(`${site}/${name}`, 'utf8') !== readFileSync(`${REPORTS}/site/${name}`, 'utf8'));
    expect(outdated, 'the site is out of date: npm run published').toEqual([]);
    const telling = names.filter((name) => !name.endsWith('.js') && NAMES_A_PLACE.test(readFileSync(`${site}/${name}`, 'utf8')));
    expect(telling).toEqual([]);
  } finally {
    rmSync(site, { recursive: true, force: true });
  }
}, 60_000);
