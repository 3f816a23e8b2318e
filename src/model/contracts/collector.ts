/** A collector: one instrument, opened just before a measured window and closed just after it. */
import type { Measure } from '../records.ts';
import type { System } from '../ports.ts';
import type { Component, Deployment } from './deployment.ts';

export interface CollectorScope {
  readonly deployment: Deployment;
  readonly generator: Component;
  readonly system: System;
}

export interface Recording {
  close(): Promise<readonly Measure[]>;
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
  /** Why it has nothing to read here, or undefined when it has. */
  absent(deployment: Deployment): string | undefined;
  open(scope: CollectorScope): Promise<Recording>;
}
