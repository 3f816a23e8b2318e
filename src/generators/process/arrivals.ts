/** When requests are due and to which arm each goes: a pure function of the seed. */
import { seededRandom, shuffled } from '../../model/random.ts';

export interface ArrivalSpec {
  readonly seed: string;
  readonly arrivals: 'poisson' | 'uniform';
  /** Of all arms together. */
  readonly ratePerSecond: number;
  readonly durationNs: number;
  /** Stop after this many, if given. */
  readonly requests?: number | undefined;
  readonly arms: number;
  /** Turns of so many requests, in an order drawn anew each round; without it every request is drawn apart. */
  readonly requestsPerSlice?: number | undefined;
}

export interface Arrival {
  readonly offsetNs: number;
  readonly arm: number;
}

/** Poisson: gaps exponential with mean 1/rate (memoryless, so periodic stalls are not stepped over). Uniform: equal gaps. */
export function* arrivalTimes(spec: ArrivalSpec): Generator<Arrival> {
  const random = seededRandom(`arrivals/${spec.seed}`);
  const nextArm = assignment(spec);
  const meanGapNs = 1e9 / spec.ratePerSecond;
  let offsetNs = 0;
  for (let sent = 0; spec.requests === undefined ? true : sent < spec.requests; sent++) {
    offsetNs += spec.arrivals === 'poisson' ? random.exponential() * meanGapNs : meanGapNs;
    if (spec.requests === undefined && offsetNs > spec.durationNs) return;
    yield { offsetNs, arm: nextArm(sent) };
  }
}

/** Which arm a request goes to. With a known number of requests every arm gets the same number (to within one). */
function assignment({ seed, arms, requests, requestsPerSlice }: ArrivalSpec): (index: number) => number {
  const coin = seededRandom(`arms/${seed}`);
  if (arms === 1) return () => 0;
  if (requestsPerSlice !== undefined) {
    let order: number[] = [];
    return (index) => {
      const turn = Math.floor(index / requestsPerSlice) % arms;
      if (turn === 0 && index % requestsPerSlice === 0) order = shuffled(Array.from(Array(arms).keys()), coin);
      return order[turn] as number;
    };
  }
  if (requests === undefined) return () => coin.below(arms);
  // Drawn without replacement: each request is as likely to go to any arm as that arm still has requests to get.
  const left = Array.from({ length: arms }, (_, arm) => Math.floor(requests / arms) + (arm < requests % arms ? 1 : 0));
  let all = requests;
  return () => {
    let ticket = coin.below(all--);
    let arm = 0;
    while (ticket >= (left[arm] as number)) ticket -= left[arm++] as number;
    left[arm] = (left[arm] as number) - 1;
    return arm;
  };
}
