/** The simulated machine: a clock that moves only when a load runs, and the files that collectors read. */
import type { Files, System } from '../../model/ports.ts';

const ROOT = '/simulated';
const CPUS = 8;
const TICK_NS = 1e7;

export class SimulatedMachine {
  readonly system: System;
  readonly #cpuNs = new Map<string, number>();
  readonly #memory = new Map<string, number>();
  readonly #crashAt: number | undefined;
  #nowNs = 1e9;
  #takenNs = 1e9;
  #busyNs = 0;
  #reads = 0;

  constructor(real: System, crashAt: number | undefined) {
    this.#crashAt = crashAt;
    const startedAt = real.clock.wallTime().getTime();
    const clock = {
      monotonicNs: () => this.#nowNs,
      wallTime: () => new Date(startedAt + this.#nowNs / 1e6),
      sleep: async (milliseconds: number) => this.pass(milliseconds * 1e6),
    };
    const files = Object.create(real.files) as Files;
    files.readText = async (path) => this.#read(path) ?? real.files.readText(path);
    this.system = { ...real, clock, files, host: { ...real.host, cpuCount: CPUS } };
  }

  get nowNs(): number {
    return this.#nowNs;
  }

  pass(durationNs: number): void {
    this.#nowNs += durationNs;
  }

  /** From the last call to now. */
  takeInterval(): [fromNs: number, toNs: number] {
    const from = this.#takenNs;
    this.#takenNs = this.#nowNs;
    return [from, this.#nowNs];
  }

  componentPath(name: string): string {
    return `${ROOT}/${name}`;
  }

  use(component: string, ns: number): void {
    this.#cpuNs.set(component, (this.#cpuNs.get(component) ?? 0) + ns);
    this.#busyNs += ns;
  }

  setMemory(component: string, bytes: number): void {
    this.#memory.set(component, bytes);
  }

  #read(path: string): string | undefined {
    if (path === '/proc/stat') {
      const ticks = (ns: number) => Math.round(ns / TICK_NS);
      return `cpu  ${ticks(this.#busyNs)} 0 0 ${ticks(CPUS * this.#nowNs - this.#busyNs)} 0 0 0 0 0 0\n`;
    }
    if (!path.startsWith(`${ROOT}/`)) return undefined;
    if (++this.#reads === this.#crashAt) throw new Error('a simulated crash of the collector');
    const component = path.slice(ROOT.length + 1, path.lastIndexOf('/'));
    if (path.endsWith('/cpu')) return `${Math.round(this.#cpuNs.get(component) ?? 0)}\n`;
    const memory = Math.round(this.#memory.get(component) ?? 0);
    return path.endsWith('/usage') ? `${memory}\n` : `total_rss ${memory}\ntotal_inactive_file 0\n`;
  }
}
