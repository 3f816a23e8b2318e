/** The gate against known truth: blocks as noisy as this lab's (pairs of p50 differ by 2.8 %), three minutes of four-second blocks. */
import { expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.ts';
import { judgeGate, parseGateRule, type GateRule } from '../../src/analysis/gate.ts';
import { seededRandom, type Random } from '../../src/model/random.ts';
import { runOf, trialOf } from '../records.ts';

/** 300 requests of spread 0.12 know their median as well as 2000 of spread 0.3 do; that and the block make 2.8 %. */
const [ATTEMPTS, BLOCKS, BLOCK_SPREAD, REQUESTS, SPREAD] = [100, 40, 0.025, 300, 0.12];
const rule = parseGateRule('p50 > +2%') as GateRule;

/** One run whose second arm is slower by `injected`; what the host does to a block it does to both. */
function outcome(injected: number, random: Random): string | undefined {
  const trials = Array.from({ length: BLOCKS }, (_, block) => {
    const host = 1e5 * (1 + 0.1 * random.normal());
    const latencies = (ns: number) => Array.from({ length: REQUESTS }, () => ns * Math.exp(SPREAD * random.normal()));
    return [
      trialOf({ block, arm: 'direct', latenciesNs: latencies(host) }),
      trialOf({ block, position: 1, arm: 'new', latenciesNs: latencies(host * (1 + injected) * Math.exp(BLOCK_SPREAD * random.normal())) }),
    ];
  }).flat();
  return judgeGate(analyse(runOf(trials), { thorough: false }), [rule])[0]?.outcome;
}

const share = (outcomes: readonly (string | undefined)[], wanted: string) =>
  outcomes.filter((each) => each === wanted).length / outcomes.length;

test('an injected 5 % is caught, one datapath twice passes; neither is ever called the other', () => {
  const random = seededRandom('gate');
  const worse = Array.from({ length: ATTEMPTS }, () => outcome(0.05, random));
  const same = Array.from({ length: ATTEMPTS }, () => outcome(0, random));
  expect([share(worse, 'fail') >= 0.95, share(same, 'pass') >= 0.95]).toEqual([true, true]);
  expect([share(worse, 'pass'), share(same, 'fail')]).toEqual([0, 0]);
}, 120_000);
