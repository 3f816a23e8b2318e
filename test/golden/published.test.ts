/** Published reports are what the published runs give, byte for byte; published runs name nothing of the machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { renderStored } from '../../src/report/render/stored.ts';
import { readRun, verifyChecksums } from '../../src/store/read.ts';
import { filesBelow } from '../../src/store/run-directory.ts';
import { files } from '../../src/system/files.ts';

const RESULTS = fileURLToPath(new URL('../../results/published', import.meta.url));
const REPORTS = fileURLToPath(new URL('../../reports/published', import.meta.url));
const runs = readdirSync(RESULTS);

test('at least one run is published', () => expect(runs.length).toBeGreaterThan(0));

describe.each(runs)('published run %s', (name) => {
  const path = `${RESULTS}/${name}`;

  test.each(['html', 'md'] as const)('its %s report is what `npm run published` renders', async (format) => {
    const stored = readFileSync(`${REPORTS}/${name}.${format}`, 'utf8');
    expect((await renderStored(await readRun(path, files), format)) === stored, 'the report is out of date: npm run published').toBe(true);
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
      expect(text).not.toMatch(/"\/[a-z]+\/|\/(?:home|root|tmp|work|run|usr)\//);
    }
  });
});
