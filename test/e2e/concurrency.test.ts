/** Two at once: locked or safe, never corrupt. */
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchRun } from '../campaign/watched-run.ts';
import { inventory, leftSince, meshtax, SHORT, TINY, workspace, type Workspace } from './machine.ts';

let space: Workspace;
let before: Record<string, string[]>;
beforeEach(async () => {
  space = await workspace();
  before = await inventory();
});
afterEach(async () => {
  await meshtax(['clean', '--all', '--force']);
  expect(await leftSince(before)).toEqual([]);
  await space.remove();
});

const runsIn = (experiment: string) =>
  readdirSync(`${space.results}/${experiment}`).map((name) => `${space.results}/${experiment}/${name}`);

test('two runs that start together: at most one measures', async () => {
  const file = await space.write('e.yaml', TINY);
  const both = [1, 2].map(() => watchRun(['run', file, '--results', space.results]));
  const exits = await Promise.all(both.map(({ exit }) => exit));
  const refused = both.filter(({ stderr }) => stderr().includes('MT2002'));
  expect(refused.length).toBeGreaterThanOrEqual(1);
  expect(exits.filter((exit) => exit === 0 || exit === 4).length).toBe(2 - refused.length);
});

test('two resumes of one run: one goes on, the other is told', async () => {
  const file = await space.write('e.yaml', TINY);
  const run = watchRun(['run', file, '--results', space.results]);
  await run.reached('trial-ended', 2);
  process.kill(run.pid, 'SIGINT');
  await run.exit;
  const both = [1, 2].map(() => watchRun(['run', '--resume', 'latest', '--results', space.results]));
  const exits = await Promise.all(both.map(({ exit }) => exit));
  const refused = both.filter(({ stderr }) => /MT4006|MT2002|MT4005/.test(stderr()));
  expect(refused).toHaveLength(1);
  expect(exits.filter((exit) => exit === 0 || exit === 4)).toHaveLength(1);
  expect((await meshtax(['verify', 'latest', '--results', space.results])).exitCode).toBe(0);
  expect(runsIn('tiny')).toHaveLength(1);
});

test('clean, report, show and verify in the middle of a run do it no harm', async () => {
  const file = await space.write('e.yaml', SHORT);
  const run = watchRun(['run', file, '--results', space.results]);
  await run.reached('started');
  let cleaned = '';
  const cleaning = (async () => {
    for (let time = 0; time < 4; time++) cleaned += (await meshtax(['clean', '--all'])).stdout;
  })();
  await run.reached('trial-ended', 2);
  for (const command of ['report', 'show', 'list']) {
    const target = command === 'list' ? [] : ['latest'];
    const { exitCode, stderr } = await meshtax([command, ...target, '--results', space.results]);
    expect(exitCode === 0 ? '' : stderr).toBe('');
  }
  expect((await meshtax(['verify', 'latest', '--results', space.results])).stderr).toMatch(/MT4003 .*never sealed/);
  await cleaning;
  expect(cleaned).toMatch(/kept run \w+: process \d+ is alive/);
  expect([0, 4]).toContain(await run.exit);
  expect(existsSync(`${run.directory()}/SHA256SUMS`)).toBe(true);
  expect((await meshtax(['verify', 'latest', '--results', space.results])).exitCode).toBe(0);
});
