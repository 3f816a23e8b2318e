/**
 * A cluster that only exists in arithmetic: latencies and CPU with known differences, known noise at every level, and
 * faults on demand. It proves the path from trial records to verdicts, and shows how a run goes without root. No figure
 * of it is a measurement, and every report of it says so.
 */
import { z } from 'zod';
import type { Cluster } from '../../model/contracts/cluster.ts';
import { memberSchema, type Selected } from '../../model/experiment.ts';
import { durationNs } from '../../model/units.ts';
import { SimulatedSession } from './session.ts';

const share = (fallback: number, what: string) => z.number().min(0).max(10).default(fallback).describe(what);

export const simulationOptions = z.object({
  median: durationNs({ min: 1000, max: 10e9 }).default(1e6).describe('latency of the baseline'),
  sigma: share(0.4, 'spread of requests (log scale)'),
  deploymentNoise: share(0.003, 'sd of each deployment of an arm (log scale)'),
  blockNoise: share(0.1, 'sd of each block, felt by all arms alike'),
  trialNoise: share(0.01, 'sd of each trial of an arm'),
  drift: z.number().min(-1).max(1).default(0).describe('what each block adds to the log of the latency of all arms'),
  autocorrelation: z.number().min(0).max(0.99).default(0).describe('of successive trials of an arm'),
  outliers: z.number().min(0).max(1).default(0).describe('share of trials with ten times the noise'),
  stallsPerSecond: z.number().min(0).max(1000).default(0).describe('stalls of the host, 2 to 20 ms each'),
  cpuPerRequest: durationNs({ min: 0, max: 1e9 }).default(100_000).describe('of the baseline'),
  charges: z
    .record(
      z.string(),
      z.strictObject({ latency: z.number().default(0), cpu: z.number().default(0), memoryMiB: z.number().min(0).default(0) }),
    )
    .default({})
    .describe('what an arm costs over the baseline: 0.05 is 5 %'),
  capacity: z.number().min(1).max(1e6).default(5000).describe('requests per second that an arm sustains'),
  faults: z
    .strictObject({
      neverReady: z.string().optional().describe('the arm that does not start'),
      diesAfterLoads: z.strictObject({ arm: z.string(), loads: z.number().int().min(1) }).optional(),
      collectorCrashAt: z.number().int().min(1).optional().describe('the reading of an instrument that fails'),
      rateShortfall: z.number().min(0).max(1).default(0).describe('share of the rate that is not achieved'),
    })
    .prefault({}),
});
export type Simulation = z.output<typeof simulationOptions>;

export const simulated: Cluster = {
  id: 'simulated',
  title: 'simulated: no figure is a measurement',
  schema: memberSchema('simulated', simulationOptions),
  describe: () => ['nothing: the cluster is simulated'],
  doctor: [],
  async open(selected: Selected, system, { runId }) {
    return new SimulatedSession(selected.options as Simulation, system, runId);
  },
};
