/** When requests are due and to which arm each goes: a pure function of the seed. */
import { seededRandom } from '../../model/random.ts';

export interface ArrivalSpec {
  readonly seed: string;
  readonly arrivals: 'poisson' | 'uniform';
  /** Of all arms together. */
  readonly ratePerSecond: number;
  readonly durationNs: number;
  /** Stop after this many, if given. */
  readonly requests?: number | undefined;
  readonly arms: number;
}

export interface Arrival {
  readonly offsetNs: number;
  readonly arm: number;
}

/** Poisson: gaps exponential with mean 1/rate (memoryless, so periodic stalls are not stepped over). Uniform: equal gaps. */
export function* arrivalTimes(spec: ArrivalSpec): Generator<Arrival> {
  const random = seededRandom(`arrivals/${spec.seed}`);
  const coin = seededRandom(`arms/${spec.seed}`);
  const meanGapNs = 1e9 / spec.ratePerSecond;
  let offsetNs = 0;
  for (let sent = 0; spec.requests === undefined ? true : sent < spec.requests; sent++) {
    offsetNs += spec.arrivals === 'poisson' ? random.exponential() * meanGapNs : meanGapNs;
    if (spec.requests === undefined && offsetNs > spec.durationNs) return;
    yield { offsetNs, arm: spec.arms === 1 ? 0 : coin.below(spec.arms) };
  }
}
