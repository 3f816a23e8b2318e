import { expect, test } from 'vitest';
import type { RunEvent } from '../../../src/model/events.ts';
import { plainReporter } from '../../../src/progress/plain.ts';

const started = { kind: 'started', run: 'r', directory: '/r', trials: 100, estimateNs: 60e9 } as const;
const ended: RunEvent = { kind: 'trial-ended', id: 't', number: 1, of: 100, valid: true, summary: 'fine' };

/** What is written when the first of 100 trials ends after 10 s. */
function afterOneTrial(budgetNs: number | null): string {
  let nowNs = 0;
  const written: string[] = [];
  const report = plainReporter(
    (text) => written.push(text),
    () => nowNs,
  );
  report({ ...started, budgetNs });
  nowNs = 10e9;
  report(ended);
  return written.at(-1) ?? '';
}

test('the time left follows from the pace so far, and is no more than the budget leaves', () => {
  expect(afterOneTrial(null)).toMatch(/1\/100 t: fine, 16m30s left\n$/);
  expect(afterOneTrial(60e9)).toMatch(/, at most 50s left\n$/);
});
