import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UndoStack } from '../../../src/run/undo-stack.ts';
import { ManualClock } from '../../fakes.ts';

describe('UndoStack', () => {
  test('undoes in reverse, each once, and goes on after failures', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), async (failing) => {
        const undone: number[] = [];
        const stack = new UndoStack(new ManualClock());
        failing.forEach((fails, index) =>
          stack.push(`step ${index}`, async () => {
            undone.push(index);
            if (fails) throw new Error('will not go');
          }),
        );
        const failures = await stack.unwind(1000);
        expect(undone).toEqual(failing.map((_, index) => index).toReversed());
        expect(failures).toHaveLength(failing.filter(Boolean).length);
        expect(await stack.unwind(1000)).toEqual([]);
      }),
    );
  });

  test('one that hangs costs its budget, not the run', async () => {
    const clock = new ManualClock();
    const stack = new UndoStack(clock);
    const undone: string[] = [];
    stack.push('quick', async () => void undone.push('quick'));
    stack.push('hangs', () => new Promise(() => {}));
    const failures = await stack.unwind(20);
    expect(failures.map((failure) => failure.title)).toEqual(['hangs']);
    expect(undone).toEqual(['quick']);
  });

  test('after many that hang, everything else is undone all the same', async () => {
    const clock = new ManualClock();
    const stack = new UndoStack(clock);
    const undone: string[] = [];
    stack.push('quick', async () => void undone.push('quick'));
    for (const name of ['a', 'b', 'c']) {
      stack.push(`hangs ${name}`, async () => {
        clock.nowNs += 40e6; // it is over by the clock, whatever the timer says
        return new Promise(() => {});
      });
    }
    expect(await stack.unwind(20)).toHaveLength(3);
    expect(undone).toEqual(['quick']);
  });

  test('accepts nothing more once it is being undone', async () => {
    const stack = new UndoStack(new ManualClock());
    await stack.unwind(100);
    expect(() => stack.push('late', async () => {})).toThrow(/too late/);
  });
});
