/** What a user sees of a run that dies; kills.test.ts kills many at any instant and looks at what is left. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/model/records.ts';
import { inventory, leftSince, meshtax, TINY, workspace, type Workspace } from './machine.ts';

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(async () => {
  await meshtax(['clean', '--all', '--force']);
  await space.remove();
});

/** Starts a run and resolves once the given number of trials has ended. */
async function startUntil(trials: number) {
  const file = await space.write('e.yaml', TINY);
  const running = meshtax(['run', file, '--results', space.results, '--progress', 'jsonl']);
  await new Promise<void>((resolve) => {
    let seen = 0;
    let text = '';
    running.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      seen += lines.filter((line) => line.includes('"trial-ended"')).length;
      if (seen >= trials) resolve();
    });
    void running.then(() => resolve());
  });
  return { running };
}

function runDirectory(): string {
  const [experiment = ''] = readdirSync(space.results);
  const [run = ''] = readdirSync(`${space.results}/${experiment}`);
  return `${space.results}/${experiment}/${run}`;
}

const trialsOnDisk = () => readdirSync(`${runDirectory()}/trials`);

test('an Envoy that dies in the middle: MT3006, nothing is measured of it but what is kept as invalid, nothing is left', async () => {
  const before = await inventory();
  const { running } = await startUntil(1);
  const [pid = ''] = (await inventory())['processes']?.filter((line) => line.includes('client-proxy/envoy.json')) ?? [];
  process.kill(Number(pid.split(' ')[0]), 'SIGKILL');
  const ended = await running;
  expect(ended.exitCode).toBe(4);
  expect(ended.stderr).toMatch(/MT3006 client-proxy of envoy-sidecar ended unexpectedly: client-proxy ended with signal SIGKILL/);
  expect(await leftSince(before)).toEqual([]);
  const records = trialsOnDisk().map(
    (name) => JSON.parse(readFileSync(`${runDirectory()}/trials/${name}/trial.json`, 'utf8')) as TrialRecord,
  );
  const harmed = records.filter((record) => record.componentsEnded.length > 0);
  expect(harmed.length).toBeLessThan(2); // in the other arm's window nothing of it is measured
  for (const record of harmed)
    expect(record).toMatchObject({ arm: 'envoy-sidecar', valid: false, componentsEnded: ['client-proxy ended with signal SIGKILL'] });
});

test('Ctrl-C once: undone, 130, kept; a second run meanwhile is refused', async () => {
  const before = await inventory();
  const { running } = await startUntil(2);
  const second = await meshtax(['run', `${space.directory}/e.yaml`, '--results', space.results, '--progress', 'quiet']);
  expect(second.exitCode).toBe(3);
  expect(second.stderr).toContain('MT2002');
  running.kill('SIGINT');
  const interruptedAt = performance.now();
  const ended = await running;
  expect(performance.now() - interruptedAt).toBeLessThan(20_000); // no forgotten timer keeps the process
  expect(ended.exitCode === 130 ? '' : ended.stderr).toBe('');
  expect(ended.stderr).toContain('MT3005');
  expect(await leftSince(before)).toEqual([]);
});
