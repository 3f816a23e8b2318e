import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAskedFor } from '../../../src/system/apart.ts';

const argv = ['report', 'latest', '--format', 'html', '--out', 'out/report.html', '--site=pages', '--results', 'results'];

test.each([
  ['out/report.html', true],
  [`${process.cwd()}/out/report.html`, true],
  ['pages/runs/x.html', true],
  ['pages', true],
  ['pages/../etc/passwd', false],
  ['out/other.html', false],
  ['/etc/cron.d/x', false],
  ['pagesx/y', false],
])('%s may be written: %s', (path, expected) => {
  expect(isAskedFor(path, argv)).toBe(expected);
});

describe('on a disk', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'meshtax-apart-'));
    for (const name of ['run', 'elsewhere', 'pages']) mkdirSync(`${directory}/${name}`);
    writeFileSync(`${directory}/run/run.json`, '{}');
    symlinkSync(`${directory}/elsewhere`, `${directory}/run/x`);
    symlinkSync(`${directory}/pages`, `${directory}/linked`);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('an analysis lies in its run, which may be named by its id alone; nothing else does', () => {
    expect(isAskedFor(`${directory}/run/analysis.json`, ['analyse', 'k3f9x2'])).toBe(true);
    expect(isAskedFor(`${directory}/elsewhere/analysis.json`, ['analyse', 'k3f9x2'])).toBe(false);
    expect(isAskedFor(`${directory}/run/run.json`, ['analyse', 'k3f9x2'])).toBe(false);
    expect(isAskedFor(`${directory}/run/analysis.json`, ['report', 'k3f9x2'])).toBe(false);
  });

  test('a link in what was named leads nowhere, a link that was named does', () => {
    const run = `${directory}/run`;
    expect(isAskedFor(`${run}/report.html`, ['report', run])).toBe(true);
    expect(isAskedFor(`${run}/x/job`, ['report', run])).toBe(false);
    expect(isAskedFor(`${directory}/linked/a.html`, ['report', `--site=${directory}/linked`])).toBe(true);
    expect(isAskedFor(`${directory}/pages`, ['report', '--site', `${directory}/linked`])).toBe(true);
  });
});

test('an option without its value names nothing', () => {
  expect(isAskedFor('anything', ['report', 'latest', '--out=', ''])).toBe(false);
});

test('the root of all files is nothing to name', () => {
  expect(isAskedFor('/etc/passwd', ['report', '--results', '/'])).toBe(false);
});
