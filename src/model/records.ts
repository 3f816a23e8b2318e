/**
 * What a run leaves on disk. Written once, read for ever: changes need a new schemaVersion, and a default for what an
 * older version did not write. Version 2 (duet, ladder, stalls, adaptive runs): every `.default` below; 3: `warmupNs`;
 * 4: `strangerCpus`, and in later builds `instrumentsNs`.
 */
import { z } from 'zod';
import { calibrationSchema } from './calibration.ts';
import { featuresSchema } from './features.ts';
import { findingSchema } from './findings.ts';
import { loadResultSchema, maskedArmSchema } from './contracts/generator.ts';

export const SCHEMA_VERSION = 4;

/** One figure of one instrument over one window. Counters are differences; gauges are the value at the end. */
export const measureSchema = z.object({
  collector: z.string(),
  metric: z.string(),
  component: z.string(),
  unit: z.enum(['ns', 'bytes', 'count']),
  kind: z.enum(['counter', 'gauge']),
  value: z.number(),
  /** What the instrument itself bounds the value by, where it does. */
  range: z.tuple([z.number(), z.number()]).optional(),
});
export type Measure = z.infer<typeof measureSchema>;

/** A figure that an instrument should have and has not, and why. */
export const notMeasuredSchema = z.object({ collector: z.string(), metric: z.string(), component: z.string(), notMeasured: z.string() });
export type NotMeasured = z.infer<typeof notMeasuredSchema>;

/** Latencies as another instrument than the generator saw them, ns. */
export const distributionSchema = z.object({
  collector: z.string(),
  metric: z.string(),
  component: z.string(),
  histogram: z.object({ count: z.number(), hdr: z.string() }),
});
export type Distribution = z.infer<typeof distributionSchema>;

/** How the arms of a block shared the time. */
export const designSchema = z.enum(['duet', 'slice', 'block']);
export type Design = z.infer<typeof designSchema>;

/** What the stall meter saw during a window. */
export const hostRecordSchema = z.object({
  /** `real-time`: it outranks the load. `ordinary`: it does not, and may show the load's own doing. */
  meter: z.enum(['real-time', 'ordinary']),
  stalls: z.number(),
  longestNs: z.number(),
  /** Of the time of all CPUs. */
  lostShare: z.number(),
  /** CPU, from, to (CLOCK_MONOTONIC ns). */
  log: z.array(z.tuple([z.number(), z.number(), z.number()])),
});
export type HostRecord = z.infer<typeof hostRecordSchema>;

export const trialRecordSchema = z.object({
  schemaVersion: z.number(),
  id: z.string().regex(/^\d{3,6}-\d{2,6}-[a-z0-9-]{1,90}$/),
  block: z.number().int(),
  deployment: z.number().int(),
  position: z.number().int(),
  arm: z.string(),
  workload: z.string(),
  load: z.string(),
  /** `latency`: at the load's rate. `cpu`: alone, at a step of the rate ladder, with the idle soaker on. */
  kind: z.enum(['latency', 'cpu']).default('latency'),
  /** Of the lowest capacity, for `cpu`. */
  share: z.number().nullable().default(null),
  design: designSchema.default('block'),
  /** Busy share of all CPUs during a window that several arms shared. */
  sharedUtilisation: z.number().nullable().default(null),
  /** The host stood still too long: this measurement was repeated in all arms. */
  superseded: z.boolean().default(false),
  generator: z.string(),
  startedAt: z.string(),
  requested: z.object({
    ratePerSecond: z.number().nullable(),
    durationNs: z.number(),
    /** Before the window, with the same load; 0 where an older version did not write it. */
    warmupNs: z.number().default(0),
    connections: z.number(),
    arrivals: z.string().nullable(),
    /** How the generator kept time: asleep or polling; null for a closed loop. */
    pacing: z.enum(['sleep', 'spin']).nullable().default(null),
  }),
  result: loadResultSchema,
  /** The same answers without those that became due around a stall of the host. */
  masked: maskedArmSchema.nullable().default(null),
  host: hostRecordSchema.nullable().default(null),
  /** CPUs that programs outside of the run used during the window, on average. */
  strangerCpus: z.number().nullable().default(null),
  /** From the opening of the last instrument until the first was told to close; null where an older version did not write it. */
  instrumentsNs: z.number().nullable().default(null),
  measures: z.array(measureSchema),
  notMeasured: z.array(notMeasuredSchema).default([]),
  distributions: z.array(distributionSchema).default([]),
  /** Counters of the datapath over the window, for the proof that all requests were on it. */
  path: z.object({ moved: z.record(z.string(), z.number()), exact: z.boolean() }),
  componentsEnded: z.array(z.string()),
  findings: z.array(findingSchema),
  valid: z.boolean(),
});
export type TrialRecord = z.infer<typeof trialRecordSchema>;

/** What the experiment said of one member, as its own schema made it; deep enough to end every recursion, a stranger's is refused. */
const optionsSchema = z.unknown().refine((value) => isShallow(value, 20), { error: 'it is nested too deep' });

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}

export const armRecordSchema = z.object({
  name: z.string(),
  datapath: z.string(),
  title: z.string(),
  options: optionsSchema,
  features: featuresSchema,
  /** What it is compared with, where that is not the run's own: the baseline of its cluster. */
  baseline: z.string().optional(),
  notes: z.record(z.string(), z.string()),
});
export type ArmRecord = z.infer<typeof armRecordSchema>;

export const comparisonDesignSchema = z.object({
  workload: z.string(),
  load: z.string(),
  design: designSchema,
  /** Busy share of all CPUs with all arms alive, from the pilot; null when it was not tried. */
  utilisation: z.number().nullable(),
  reason: z.string(),
  /** Highest rate that every arm sustained, and the arm that set it; the ladder is made of shares of it. */
  capacityPerSecond: z.number().nullable(),
  weakest: z.string().nullable(),
});
export type ComparisonDesign = z.infer<typeof comparisonDesignSchema>;

/** `<UTC>-<short id>`; the short id names namespaces, cgroups and directories, so it is nothing but letters and digits. */
const runIdSchema = z.string().regex(/^\d{8}T\d{6}Z-[a-z0-9]{4,12}$/);

export const runRecordSchema = z.object({
  schemaVersion: z.number(),
  id: runIdSchema,
  experiment: z.string(),
  question: z.string(),
  tool: z.object({ version: z.string(), node: z.string() }),
  argv: z.array(z.string()),
  specText: z.string(),
  specHash: z.string(),
  planHash: z.string(),
  seed: z.string(),
  cluster: z.string(),
  baseline: z.string(),
  confidence: z.number().min(0.5).max(0.9999),
  blocks: z.number().int(),
  blocksPerDeployment: z.number().int(),
  stop: z.enum(['when-resolved', 'fixed']).default('fixed'),
  minBlocks: z.number().int().default(2),
  margin: z.number().positive().max(10).default(0.05),
  /** How each comparison was measured, and why so. */
  designs: z.array(comparisonDesignSchema).default([]),
  /** What the path's own counters showed of a known number of requests, before the blocks were measured. */
  proofs: z
    .array(
      z.object({
        block: z.number().int(),
        title: z.string(),
        detail: z.string(),
        evidence: z.record(z.string(), z.union([z.string(), z.number()])),
      }),
    )
    .default([]),
  /** Why no more blocks were measured. */
  stopped: z.string().default('all blocks were measured'),
  /** What the tool showed of itself on this host; null: it was never calibrated here. */
  calibration: calibrationSchema.nullable().default(null),
  loads: z.array(optionsSchema),
  workloads: z.array(z.object({ name: z.string(), id: z.string(), protocol: z.string(), options: optionsSchema })),
  arms: z.array(armRecordSchema),
  collectors: z.array(z.object({ id: z.string(), title: z.string(), includes: z.string(), leavesOut: z.string() })),
  facts: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .refine((facts) => Object.keys(facts).length <= 1000, { error: 'more than 1000' }),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  gaps: z.array(z.object({ afterBlock: z.number().int(), at: z.string() })),
  status: z.enum(['running', 'complete', 'interrupted', 'failed']),
  failure: z.string().nullable(),
  findings: z.array(findingSchema),
  sealed: z.boolean(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** What a list of runs needs of a record; a thousand whole ones take seconds to check. */
export const runHeadSchema = runRecordSchema
  .pick({ id: true, experiment: true, cluster: true, status: true, startedAt: true, endedAt: true })
  .extend({ arms: z.array(armRecordSchema.pick({ name: true })), proofs: z.array(z.unknown()).default([]) });
export type RunHead = z.infer<typeof runHeadSchema>;

/** A comparison's latency or its CPU: what a step of a block answers, and what may still be open. */
export function questionOf({ workload, load, kind }: Pick<TrialRecord, 'workload' | 'load' | 'kind'>): string {
  return `${workload}\n${load}\n${kind}`;
}

/** A run without its trials. */
export interface SealedRun {
  readonly run: RunRecord;
  /** SHA-256 of its list of checksums; undefined until it is sealed. */
  readonly seal?: string | undefined;
}

/** A run with its trials, as read from disk. */
export interface StoredRun extends SealedRun {
  readonly trials: readonly TrialRecord[];
}
