/** The simulated generator: answers a load at once, with the latencies of its arms and the faults that were asked for. */
import type { GeneratorSession } from '../../model/contracts/cluster.ts';
import type { Component } from '../../model/contracts/deployment.ts';
import type { ArmLoad, ArmTarget, LoadResult, MaskedArm, TimeWindow } from '../../model/contracts/generator.ts';
import { encoded } from '../../model/histogram.ts';
import type { Random } from '../../model/random.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Simulation } from './simulated.ts';
import type { SimulatedArm, SimulatedLoad } from './world.ts';

const NOTHING = { count: 0, hdr: '' };

export class SimulatedGenerator implements GeneratorSession {
  readonly component: Component;
  /** Loads so far. */
  loads = 0;
  readonly #simulation: Simulation;
  readonly #machine: SimulatedMachine;
  readonly #random: Random;
  readonly #arms = new Map<string, SimulatedArm>();
  readonly #sent = new Map<string, number>();
  #last: { name: string; load: SimulatedLoad }[] = [];
  #blocks = 0;

  constructor(simulation: Simulation, machine: SimulatedMachine, random: Random, component: Component) {
    this.#simulation = simulation;
    this.#machine = machine;
    this.#random = random;
    this.component = component;
  }

  know(arm: SimulatedArm): void {
    this.#arms.set(arm.name, arm);
  }

  forget(name: string): void {
    this.#arms.delete(name);
    this.#sent.delete(name);
  }

  sentTo(arm: string): number {
    return this.#sent.get(arm) ?? 0;
  }

  async connect(target: ArmTarget): Promise<number> {
    return target.connections;
  }

  async disconnect(): Promise<void> {}

  async load(command: Parameters<GeneratorSession['load']>[0]): Promise<LoadResult> {
    this.loads++;
    const names = command.op === 'open-load' ? command.arms : [command.arm];
    const { capacity, faults, blockNoise, drift } = this.#simulation;
    const rate = command.op === 'open-load' ? command.ratePerSecond : capacity;
    const total = (command.op === 'open-load' ? command.requests : undefined) ?? Math.round((rate * command.durationNs) / 1e9);
    const achieved = Math.min(rate, capacity * names.length) * (1 - faults.rateShortfall);
    const startNs = this.#machine.nowNs;
    const endNs = startNs + (total / achieved) * 1e9;
    const effect = drift * this.#blocks++ + blockNoise * this.#random.normal();
    const perArm = Math.floor(total / names.length);
    this.#last = names.map((name) => ({ name, load: this.#armOf(name).load(perArm, startNs, endNs, effect) }));
    for (const name of names) this.#charge(this.#armOf(name), perArm);
    this.#machine.pass(endNs - startNs);
    return {
      arms: this.#last.map(({ name, load }) => armLoad(name, load)),
      startNs,
      endNs,
      intendedRequests: perArm * names.length,
      achievedRatePerSecond: achieved,
      lag: NOTHING,
      gapSampleNs: [],
      gapVariation: 1,
      cpuNs: perArm * names.length * 10_000,
      loopUtilisation: 0.1,
    };
  }

  async mask(windows: readonly TimeWindow[]): Promise<readonly MaskedArm[]> {
    return this.#last.map(({ name, load }) => {
      const kept = load.latencyNs.filter(
        (_, i) => !windows.some(([from, to]) => (load.dueNs[i] as number) >= from && (load.dueNs[i] as number) <= to),
      );
      return { arm: name, response: encoded(kept), dropped: load.latencyNs.length - kept.length };
    });
  }

  #charge(arm: SimulatedArm, requests: number): void {
    this.#sent.set(arm.name, this.sentTo(arm.name) + requests);
    this.#machine.use(`${arm.name}/server-app`, arm.cpuNs(requests));
    this.#machine.use('generator/generator', requests * 10_000);
  }

  /** Channels are called `arm/workload/load`. */
  #armOf(channel: string): SimulatedArm {
    const arm = this.#arms.get(channel.split('/')[0] ?? '');
    if (!arm) throw new Error(`${channel} is not deployed`);
    return arm;
  }
}

function armLoad(arm: string, { latencyNs }: SimulatedLoad): ArmLoad {
  const count = latencyNs.length;
  return {
    arm,
    sent: count,
    ok: count,
    errors: 0,
    errorKinds: {},
    response: encoded(latencyNs),
    responseError: NOTHING,
    wait: NOTHING,
    connectionsOpened: 0,
    backlogMax: 0,
    backlogAtEnd: 0,
  };
}
