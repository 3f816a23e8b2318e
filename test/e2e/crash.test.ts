/** Runs that die: what is left can be removed by name alone, and what was measured is still there. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/model/records.ts';
import { inventory, meshtax, settled, SHORT, workspace, type Workspace } from './machine.ts';

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
  const file = await space.write('e.yaml', SHORT);
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

test('kill -9 in the middle: `clean --all` leaves nothing, finished trials stay, the run can go on', async () => {
  const before = await inventory();
  const { running } = await startUntil(3);
  running.kill('SIGKILL');
  await running;
  const after = await inventory();
  expect(after['namespaces']?.length).toBeGreaterThan(before['namespaces']?.length ?? 0);
  expect(after['programs']).not.toEqual(before['programs']);

  const cleaned = await meshtax(['clean', '--all']);
  expect(cleaned.exitCode).toBe(0);
  expect(cleaned.stdout).toMatch(/removed run \w+: \d+ network namespaces/);
  expect(await settled(before)).toEqual(before);
  expect((await meshtax(['clean', '--all'])).stdout).toBe('nothing to remove');

  expect(trialsOnDisk().length).toBeGreaterThanOrEqual(3);
  const resumed = await meshtax(['run', '--resume', 'latest', '--results', space.results, '--progress', 'quiet']);
  expect(resumed.exitCode === 0 || resumed.exitCode === 4 ? '' : resumed.stderr).toBe('');
  // Beside windows that were measured again because the host stood still.
  expect(trialsOnDisk().filter((name) => !name.includes('-again'))).toHaveLength(16);
  expect(await settled(before)).toEqual(before);
});

test('an Envoy that dies in the middle: MT3006, its trial is kept as invalid, nothing is left', async () => {
  const before = await inventory();
  const { running } = await startUntil(1);
  const [pid = ''] = (await inventory())['processes']?.filter((line) => line.includes('client-proxy/envoy.json')) ?? [];
  process.kill(Number(pid.split(' ')[0]), 'SIGKILL');
  const ended = await running;
  expect(ended.exitCode).toBe(4);
  expect(ended.stderr).toMatch(/MT3006 client-proxy of envoy-sidecar ended unexpectedly: client-proxy ended with signal SIGKILL/);
  expect(await settled(before)).toEqual(before);
  const records = trialsOnDisk().map(
    (name) => JSON.parse(readFileSync(`${runDirectory()}/trials/${name}/trial.json`, 'utf8')) as TrialRecord,
  );
  expect(records.find((record) => record.arm === 'envoy-sidecar' && record.componentsEnded.length > 0)?.componentsEnded).toEqual([
    'client-proxy ended with signal SIGKILL',
  ]);
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
  expect(await settled(before)).toEqual(before);
});

test('Ctrl-C twice: stops at once; `clean` removes the rest', async () => {
  const before = await inventory();
  const { running } = await startUntil(1);
  running.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 20));
  running.kill('SIGINT');
  const ended = await running;
  expect(ended.exitCode).toBe(130);
  expect((await meshtax(['clean', '--all'])).exitCode).toBe(0);
  expect(await settled(before)).toEqual(before);
  for (const trial of trialsOnDisk()) JSON.parse(readFileSync(`${runDirectory()}/trials/${trial}/trial.json`, 'utf8'));
});
