/** `doctor --deep`, as a user asks for it. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { descendantsOf, signal } from '../campaign/processes.ts';
import { inventory, leftSince, meshtax } from './machine.ts';

test('doctor --deep tries what can go wrong here, and ends with a plain yes', async () => {
  const before = await inventory();
  const { stdout, exitCode } = await meshtax(['doctor', '--deep']);
  expect(stdout).not.toContain('ERROR');
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^yes: /);
  expect(exitCode).toBe(0);
  expect(await leftSince(before)).toEqual([]);
});

test('doctor --deep killed at once with all it started leaves nothing that clean does not remove', async () => {
  const before = await inventory();
  const doctor = meshtax(['doctor', '--deep']);
  // Its own folder, and those of its two runs.
  await expect.poll(() => readdirSync('/run').includes('meshtax') && readdirSync('/run/meshtax').length, { timeout: 20_000 }).toBe(3);
  const pid = doctor.pid ?? -1;
  for (const each of [pid, ...descendantsOf(pid)]) signal(each, 'SIGKILL');
  await doctor;
  expect(await leftSince(before)).not.toEqual([]);
  const { stdout, exitCode } = await meshtax(['clean', '--all']);
  expect(stdout).toContain('state directories');
  expect(exitCode).toBe(0);
  expect(await leftSince(before)).toEqual([]);
});
