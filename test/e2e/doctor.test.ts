/** `doctor --deep`, as a user asks for it. */
import { expect, test } from 'vitest';
import { inventory, leftSince, meshtax } from './machine.ts';

test('doctor --deep tries what can go wrong here, and ends with a plain yes', async () => {
  const before = await inventory();
  const { stdout, exitCode } = await meshtax(['doctor', '--deep']);
  expect(stdout).not.toContain('ERROR');
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^yes: /);
  expect(exitCode).toBe(0);
  expect(await leftSince(before)).toEqual([]);
});
