/** What the simulated arms do: a pure function of seed, place in the run and load. */
import { seededRandom, type Random } from '../../model/random.ts';
import type { Simulation } from './simulated.ts';

/** How much noisier an outlying trial is than the others. */
const OUTLIER_FACTOR = 10;

export interface SimulatedLoad {
  /** When each request became due, and what it took, ns. */
  readonly dueNs: readonly number[];
  readonly latencyNs: readonly number[];
}

/** One arm of one deployment. Its noise goes on from trial to trial. */
export class SimulatedArm {
  readonly name: string;
  readonly #simulation: Simulation;
  readonly #random: Random;
  readonly #deployment: number;
  #trial = 0;

  constructor(name: string, simulation: Simulation, seed: string) {
    this.name = name;
    this.#simulation = simulation;
    this.#random = seededRandom(`simulated/${seed}/${name}`);
    this.#deployment = simulation.deploymentNoise * this.#random.normal();
    this.#trial = this.#random.normal();
  }

  get charges() {
    return this.#simulation.charges[this.name] ?? { latency: 0, cpu: 0, memoryMiB: 0 };
  }

  /** `blockEffect`: what all arms of the block feel. */
  load(requests: number, fromNs: number, untilNs: number, blockEffect: number): SimulatedLoad {
    const { median, sigma, autocorrelation: rho, trialNoise, outliers } = this.#simulation;
    this.#trial = rho * this.#trial + Math.sqrt(1 - rho * rho) * this.#random.normal();
    const factor = this.#random.uniform() < outliers ? OUTLIER_FACTOR : 1;
    const location =
      Math.log(median) + Math.log(1 + this.charges.latency) + this.#deployment + blockEffect + trialNoise * this.#trial * factor;
    const dueNs = Array.from({ length: requests }, () => fromNs + this.#random.uniform() * (untilNs - fromNs)).sort((a, b) => a - b);
    return { dueNs, latencyNs: dueNs.map(() => Math.exp(location + sigma * this.#random.normal())) };
  }

  /** CPU ns of so many requests. */
  cpuNs(requests: number): number {
    const { cpuPerRequest, trialNoise } = this.#simulation;
    return requests * cpuPerRequest * (1 + this.charges.cpu) * Math.exp(trialNoise * this.#random.normal() + this.#deployment);
  }
}
