import { describe, expect, test } from 'vitest';
import { openQuestions } from '../../../src/analysis/resolution.ts';
import { runOf, trialOf, type TrialShape } from '../../records.ts';

const BLOCKS = [0, 1, 2, 3, 4, 5];
const ARMS = ['direct', 'envoy'];

/** The same in every block, but for what chance adds: enough of it for a verdict. */
const latency = (shape: Omit<TrialShape, 'latenciesNs'>) => {
  const base = shape.arm === 'envoy' ? 2e6 : 1e6;
  return trialOf({ ...shape, latenciesNs: Array.from({ length: 2000 }, (_, i) => base + i * 10 + shape.block) });
};

/** A step of the ladder: its CPU is a line over its rates. */
const step = (shape: Omit<TrialShape, 'latenciesNs'>, share: number) => {
  const trial = latency(shape);
  const requests = share * 4000;
  const ns = 1e8 + requests * (shape.arm === 'envoy' ? 600_000 : 300_000) + shape.block;
  const [arm] = trial.result.arms;
  if (!arm) throw new Error('a trial has its arm');
  return {
    ...trial,
    id: `${trial.id}-${share}`,
    kind: 'cpu' as const,
    share,
    result: { ...trial.result, arms: [{ ...arm, sent: requests, ok: requests }] },
    measures: trial.measures.map((measure) => ({ ...measure, value: ns })),
  };
};

const open = (trials: Parameters<typeof runOf>[0]) => {
  const { run } = runOf(trials, { stop: 'when-resolved', margin: 10 });
  return [...openQuestions(trials, run)].map((question) => question.split('\n').at(-1));
};
const everywhere = <T>(make: (block: number, arm: string) => T | T[]) => BLOCKS.flatMap((block) => ARMS.flatMap((arm) => make(block, arm)));

describe('openQuestions', () => {
  const latencies = everywhere((block, arm) => latency({ block, arm }));
  const ladder = (isValid: (arm: string, share: number) => boolean) =>
    everywhere((block, arm) => [0.1, 0.2, 0.3].map((share) => step({ block, arm, valid: isValid(arm, share) }, share)));

  test('what every figure has a verdict for is closed', () => {
    expect(open(latencies)).toEqual([]);
    expect(open([...latencies, ...ladder(() => true)])).toEqual([]);
  });

  test('a few invalid trials beside valid ones open nothing again', () => {
    expect(open([...latencies, latency({ block: 6, arm: 'direct' }), latency({ block: 6, arm: 'envoy', valid: false })])).toEqual([]);
  });

  test.each([[['envoy']], [['direct']], [ARMS]])('without one valid trial of %s there is no figure, and so no verdict', (invalid) => {
    expect(open(everywhere((block, arm) => latency({ block, arm, valid: !invalid.includes(arm) })))).toEqual(['latency']);
  });

  test.each([
    ['no step', () => false],
    ['one step', (_: string, share: number) => share === 0.1],
    ['no step of one arm', (arm: string) => arm === 'direct'],
  ])('a ladder of which %s is valid has no slope, and so no verdict', (_, isValid) => {
    expect(open([...latencies, ...ladder(isValid)])).toEqual(['cpu']);
  });

  test('of four blocks an anytime interval bounds nothing: it is the ladder that is measured further, not the latency', () => {
    const few = <T extends { block: number }>(trials: T[]) => trials.filter(({ block }) => block < 4);
    expect(open([...latencies, ...few(ladder(() => true))])).toEqual(['cpu']);
  });

  test('what must not be compared is not open: no number of blocks heals it', () => {
    const more = (trial: ReturnType<typeof latency>) => {
      const arms = trial.result.arms.map((arm) => ({ ...arm, sent: arm.sent + (trial.arm === 'envoy' ? 7 : 0) }));
      return { ...trial, result: { ...trial.result, arms } };
    };
    expect(open(latencies.map(more))).toEqual([]);
  });

  test('what another trial replaced does not count', () => {
    const replaced = { ...latency({ block: 0, arm: 'envoy', valid: false }), id: 'replaced', superseded: true };
    expect(open([...latencies, replaced])).toEqual([]);
  });
});
