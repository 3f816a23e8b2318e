import { expect, test } from 'vitest';
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

test('an analysis lies in its run, which may be named by its id alone; nothing else does', () => {
  expect(isAskedFor('results/x/run/analysis.json', ['analyse', 'k3f9x2'])).toBe(true);
  expect(isAskedFor('results/x/run/run.json', ['analyse', 'k3f9x2'])).toBe(false);
  expect(isAskedFor('results/x/run/analysis.json', ['report', 'k3f9x2'])).toBe(false);
});

test('the root of all files is nothing to name', () => {
  expect(isAskedFor('/etc/passwd', ['report', '--results', '/'])).toBe(false);
});
