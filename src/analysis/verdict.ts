/** One of a closed set of words, from intervals alone. `unresolved` and `cannot judge` are verdicts. */
import type { Interval } from './statistics/interval.ts';

export type Verdict = 'higher' | 'lower' | 'no difference' | 'unresolved' | 'cannot judge';

/** A difference below this needs several deployments: two identical ones differ by about as much. */
const SMALL_CLAIM = 0.01;
const DEPLOYMENTS_FOR_SMALL_CLAIM = 3;

export interface Judged {
  readonly verdict: Verdict;
  /** The difference is larger than the margin with the whole interval; else its size is open. */
  readonly material: boolean;
  /** Why there is no verdict, or what weakens it; empty when there is nothing to say. */
  readonly reason: string;
}

export interface Evidence {
  readonly difference: Interval;
  /** Of own over baseline; undefined where a value is zero. */
  readonly ratio: Interval | undefined;
  /** The direction stands among all figures of its family (Holm). */
  readonly claimable: boolean;
  readonly margin: number;
  readonly deployments: number;
  /** A reason not to judge at all. */
  readonly refusal: string | undefined;
  /** A reason why nothing could be judged, if nothing can. */
  readonly doubt: string | undefined;
}

/**
 * `no difference`: the interval of the ratio lies within 1 +- margin (two one-sided tests, Schuirmann 1987, at the level
 * of the interval). `higher` / `lower`: no difference lies outside the interval, also among its family. Else
 * `unresolved`.
 */
export function judge(evidence: Evidence): Judged {
  const { refusal, doubt } = evidence;
  if (refusal !== undefined) return cannot(refusal);
  const judged = judgeAll(evidence);
  return judged.verdict === 'unresolved' && doubt !== undefined ? cannot(doubt) : judged;
}

function cannot(reason: string): Judged {
  return { verdict: 'cannot judge', material: false, reason };
}

function judgeAll({ difference, ratio, claimable, margin, deployments }: Evidence): Judged {
  const isSame = ratio ? ratio.low > 1 / (1 + margin) && ratio.high < 1 + margin : difference.low === 0 && difference.high === 0;
  const [low, high] = ratio ? [ratio.low - 1, ratio.high - 1] : [difference.low, difference.high];
  const excludesZero = low > 0 || high < 0;
  if (isSame)
    return {
      verdict: 'no difference',
      material: false,
      reason: excludesZero && claimable ? 'detectable, but smaller than the margin' : '',
    };
  if (!excludesZero) return unresolved('');
  if (!claimable) return unresolved('it does not stand among all figures of this datapath (Holm)');
  if (ratio && Math.abs(ratio.estimate - 1) < SMALL_CLAIM && deployments < DEPLOYMENTS_FOR_SMALL_CLAIM)
    return unresolved(`a difference under 1 % needs ${DEPLOYMENTS_FOR_SMALL_CLAIM} deployments`);
  const material = ratio ? ratio.low > 1 + margin || ratio.high < 1 / (1 + margin) : true;
  return { verdict: low > 0 ? 'higher' : 'lower', material, reason: material ? '' : 'its size is open' };
}

function unresolved(reason: string): Judged {
  return { verdict: 'unresolved', material: false, reason };
}
