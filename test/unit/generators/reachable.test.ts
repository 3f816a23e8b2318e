/** An address that is not answered yet. */
import { expect, test } from 'vitest';
import { TIMED_OUT } from '../../../src/generators/process/dial.ts';
import { untilReachable } from '../../../src/generators/process/reachable.ts';

const failing = (times: number, message: string) => {
  let asked = 0;
  return {
    asked: () => asked,
    open: async () => {
      if (++asked <= times) throw new Error(message);
      return asked;
    },
  };
};

test('nobody answers at first: asked again, a few times', async () => {
  expect(await untilReachable(failing(2, TIMED_OUT).open)).toBe(3);
  const never = failing(100, TIMED_OUT);
  await expect(untilReachable(never.open)).rejects.toThrow(TIMED_OUT);
  expect(never.asked()).toBe(4);
});

test('what is refused is not asked again', async () => {
  const refused = failing(100, 'ECONNREFUSED');
  await expect(untilReachable(refused.open)).rejects.toThrow('ECONNREFUSED');
  expect(refused.asked()).toBe(1);
});
