/** A collector: one instrument, opened just before a measured window and closed just after it. */
import type { Distribution, Measure, NotMeasured } from '../records.ts';
import type { System } from '../ports.ts';
import type { HostInstruments } from './cluster.ts';
import type { Component, Deployment } from './deployment.ts';

export interface CollectorScope {
  readonly deployment: Deployment;
  /** Undefined while it drives several arms: what it uses is then nobody's alone. */
  readonly generator: Component | undefined;
  readonly system: System;
  readonly host: HostInstruments;
}

/** A figure, many, or why there is none: what is absent is never 0. */
export type Reading = Measure | Distribution | NotMeasured;

export function readingOf(readings: readonly Reading[], metric: string): Reading | undefined {
  return readings.find((each) => each.metric === metric);
}

/** Undefined: not measured. */
export function valueOf(readings: readonly Reading[], metric: string): number | undefined {
  const found = readings.find((each) => each.metric === metric && 'value' in each);
  return found && 'value' in found ? found.value : undefined;
}

export interface Recording {
  /** The window is over, said to all before the first is closed: what closing another takes is not in it. */
  end?(): void;
  close(): Promise<readonly Reading[]>;
  /** Ends it at once where its figures are of no interest any more: the run was interrupted, or something failed. */
  abandon?(): void;
}

export interface Collector {
  readonly id: string;
  readonly title: string;
  /** What its figures include and what they leave out: printed beside them. */
  readonly includes: string;
  readonly leavesOut: string;
  /**
   * `heavy`: opening it costs CPU (a process, a request to a proxy). Light instruments open last and close first, so
   * that what the heavy ones cost lies outside of what the light ones measure.
   */
  readonly weight: 'heavy' | 'light';
  /** It sees single connections: what it sees of a proof is evidence. */
  readonly observesFlows?: boolean;
  /** `machine`: what it reads belongs to an arm only while that arm is alone. */
  readonly sees: 'arm' | 'machine';
  /** `ladder`: it would disturb latency. `latency`: what it reads does not depend on the rate. `proof`: never while measuring. */
  readonly during: 'latency' | 'ladder' | 'both' | 'proof';
  /** Why it has nothing to read here, or undefined when it has. */
  absent(deployment: Deployment, host: HostInstruments): string | undefined;
  open(scope: CollectorScope): Promise<Recording>;
}
