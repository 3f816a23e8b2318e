import type { ClusterSession, GeneratorSession, HostInstruments, Stall } from '../../model/contracts/cluster.ts';
import type { Component, Deployment, PushUndo, Role } from '../../model/contracts/deployment.ts';
import type { Datapath } from '../../model/contracts/datapath.ts';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Selected } from '../../model/experiment.ts';
import type { System } from '../../model/ports.ts';
import { seededRandom, type Random } from '../../model/random.ts';
import { SimulatedGenerator } from './generator.ts';
import { SimulatedMachine } from './machine.ts';
import type { Simulation } from './simulated.ts';
import { SimulatedArm } from './world.ts';

/** One run's stay: a machine with a virtual clock, and arms that are arithmetic. */
export class SimulatedSession implements ClusterSession {
  readonly facts = { cpuModel: 'simulated', kernel: 'simulated' };
  readonly findings: ClusterSession['findings'] = [
    {
      code: 'MT0002',
      level: 'warning',
      title: 'simulated cluster',
      detail: 'every figure comes from a random generator',
      why: 'it shows the method, not a datapath',
      fix: 'run on the lab or on a cluster',
    },
  ];
  readonly system: System;
  readonly host: HostInstruments;
  readonly #simulation: Simulation;
  readonly #machine: SimulatedMachine;
  readonly #generator: SimulatedGenerator;
  readonly #seed: string;
  #deployments = 0;

  constructor(simulation: Simulation, system: System, runId: string) {
    this.#simulation = simulation;
    this.#seed = runId;
    this.#machine = new SimulatedMachine(system, simulation.faults.collectorCrashAt);
    this.system = this.#machine.system;
    const random = seededRandom(`simulated-host/${runId}`);
    this.#generator = new SimulatedGenerator(
      simulation,
      this.#machine,
      random,
      this.#component('generator', 'generator', () => undefined),
    );
    this.host = { stallMeter: { strength: 'real-time', take: async () => stallsBetween(simulation, this.#machine, random) } };
  }

  async deploy(datapath: Datapath, selected: Selected, _servers: readonly ServerSpec[], undo: PushUndo): Promise<Deployment> {
    const { faults } = this.#simulation;
    if (faults.neverReady === selected.name)
      throw new MeshtaxError('MT3001', { component: 'the pod', arm: selected.name, problem: 'it never became ready', log: 'simulated' });
    const arm = new SimulatedArm(selected.name, this.#simulation, `${this.#seed}/${this.#deployments++}`);
    undo(`simulated ${selected.name}`, async () => this.#generator.forget(arm.name));
    this.#generator.know(arm);
    const dead = () => {
      const fault = faults.diesAfterLoads;
      return fault?.arm === selected.name && this.#generator.loads >= fault.loads ? 'a simulated crash' : undefined;
    };
    this.#machine.setMemory(`${arm.name}/client-proxy`, arm.charges.memoryMiB * 1024 * 1024);
    return {
      arm: selected.name,
      features: datapath.features(selected.options),
      components: [this.#component('server-app', arm.name, dead), this.#component('client-proxy', arm.name, dead)],
      envoys: [],
      bpfPrograms: [],
      links: [],
      cadvisor: [],
      expectations: [{ counter: 'simulatedRequests', equals: 'requests', meaning: 'requests that the simulated arm was given' }],
      notes: {},
      logDirectory: '',
      pathCounters: async () => ({ simulatedRequests: this.#generator.sentTo(arm.name) }),
      target: ({ requestBytes, responseBytes }, engine, connections) => ({
        arm: selected.name,
        engine,
        dial: { host: 'simulated', port: 1 },
        connections,
        requestBytes,
        responseBytes,
      }),
    };
  }

  async startGenerator(): Promise<GeneratorSession> {
    return this.#generator;
  }

  #component(role: Role, arm: string, ended: () => string | undefined): Component {
    const path = this.#machine.componentPath(`${arm}/${role}`);
    return {
      role,
      cgroup: { cpu: { file: `${path}/cpu`, format: 'cpuacct.usage' }, memoryUsage: `${path}/usage`, memoryStat: `${path}/stat` },
      ended,
    };
  }
}

/** Since the last call, in virtual time; their lengths are 2 to 20 ms. */
function stallsBetween({ stallsPerSecond }: Simulation, machine: SimulatedMachine, random: Random): Stall[] {
  const [fromNs, toNs] = machine.takeInterval();
  if (stallsPerSecond === 0) return [];
  const stalls: Stall[] = [];
  for (let at = fromNs; ;) {
    at += (random.exponential() * 1e9) / stallsPerSecond;
    if (at >= toNs) return stalls;
    stalls.push({ cpu: 0, fromNs: at, toNs: at + 2e6 + 18e6 * random.uniform() });
  }
}
