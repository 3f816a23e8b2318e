/**
 * Two datapaths against each other, paired inside blocks. Inside a parity tier they do the same work; across tiers only on
 * request. Where each has a baseline of its own (they live on different clusters), the first is taken as it would be on the
 * second's cluster, by the ratio of the two baselines in the same block.
 */
import { tierOf } from '../model/features.ts';
import type { ArmRecord } from '../model/records.ts';
import { PRIMARY, type MetricId } from './metrics.ts';
import { boundsOf } from './bounds.ts';
import type { ArmSeries, BlockValue, Series } from './series.ts';
import { holm } from './statistics/multiplicity.ts';
import { judge, type Judged } from './verdict.ts';
import { compareSeries, type Compared, type Inference } from './versus.ts';

export interface HeadToHead {
  readonly arm: string;
  readonly against: string;
  readonly sameTier: boolean;
  /** Each over its own baseline: the two live on different clusters. */
  readonly throughBaselines: boolean;
  readonly metrics: readonly { readonly metric: MetricId; readonly versus: Compared & Judged }[];
}

interface Contestant extends Pick<ArmRecord, 'name' | 'features'> {
  readonly baseline: string;
}

/** `arms`: without baselines, each with its own. The later one of the experiment is compared with the earlier one. */
export function headToHead(
  arms: readonly Contestant[],
  series: ReadonlyMap<string, ArmSeries>,
  acrossTiers: boolean,
  inference: Inference,
): HeadToHead[] {
  return arms.flatMap((arm, index) =>
    arms.slice(0, index).flatMap((against): HeadToHead[] => {
      const sameTier = tierOf(arm.features) === tierOf(against.features);
      return sameTier || acrossTiers ? [compared(arm, against, series, sameTier, inference)] : [];
    }),
  );
}

function compared(
  arm: Contestant,
  against: Contestant,
  series: ReadonlyMap<string, ArmSeries>,
  sameTier: boolean,
  inference: Inference,
): HeadToHead {
  const throughBaselines = arm.baseline !== against.baseline;
  const figure = (name: string, id: string) => series.get(name)?.figures.get(id);
  const drafts = PRIMARY.flatMap((id) => {
    const [own, other] = [figure(arm.name, id), figure(against.name, id)];
    if (!own || !other || own.tooFew > 0 || other.tooFew > 0) return [];
    const moved = throughBaselines ? transferred(own, figure(arm.baseline, id), figure(against.baseline, id)) : own;
    const found = moved && compareSeries(moved, other, inference);
    return found ? [{ metric: own.metric, found }] : [];
  });
  const adjusted = holm(drafts.map(({ found }) => found.pValue));
  const metrics = drafts.map(({ metric, found }, index) => {
    const claimable = (adjusted[index] as number) <= 1 - inference.confidence;
    return { metric, versus: { ...found, ...judge({ ...found, claimable, margin: inference.margin }) } };
  });
  return { arm: arm.name, against: against.name, sameTier, throughBaselines, metrics };
}

/** A baseline that may have been zero bounds what goes through it by next to nothing. */
const TINY = 1e-9;

/** Undefined where a baseline lacks the figure. Blocks without both baselines are left out. */
function transferred(own: Series, from: Series | undefined, to: Series | undefined): Series | undefined {
  if (!from || !to) return undefined;
  const byBlock = ({ values }: Series) => new Map(values.map((each) => [each.block, each]));
  const [here, there] = [byBlock(from), byBlock(to)];
  const values = own.values.flatMap((each): BlockValue[] => {
    const [a, b] = [here.get(each.block), there.get(each.block)];
    if (!a || !b || a.value <= 0 || b.value <= 0) return [];
    // What the instrument leaves open of a baseline, it leaves open of what goes through it.
    const isBounded = [each, a, b].some(({ range }) => range !== undefined);
    const [own, under, over] = [boundsOf(each), boundsOf(a), boundsOf(b)];
    const range = [(own.low * over.low) / under.high, (own.high * over.high) / Math.max(under.low, TINY)] as const;
    return [{ ...each, value: (each.value * b.value) / a.value, ...(isBounded ? { range } : {}) }];
  });
  return values.length === 0 ? undefined : { ...own, values };
}
