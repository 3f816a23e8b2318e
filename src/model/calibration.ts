/** What the tool showed of itself on a host: measured by `meshtax calibrate`, attached to every run made there. */
import { z } from 'zod';

export const CALIBRATION_VERSION = 1;

/** Signed fractions: 0.01 is one hundredth too high. */
const quantileErrorSchema = z.object({ p50: z.number(), p90: z.number(), p99: z.number() });

const byGenerator = <T extends z.ZodType>(schema: T) => z.record(z.string(), schema);

export const calibrationSchema = z.object({
  calibrationVersion: z.number(),
  at: z.string(),
  meshtax: z.string(),
  /** SHA-256 of the facts below: a run elsewhere does not use it. */
  host: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** Shorter windows and fewer blocks: a smoke test, not a calibration. */
  quick: z.boolean(),
  /** Against a lognormal server's own record (median 2 ms, sigma 0.6, 1000/s). */
  quantileError: byGenerator(quantileErrorSchema),
  /** The same with requests masked that became due around a stall of the host. */
  quantileErrorMasked: byGenerator(quantileErrorSchema),
  /** Against a bimodal server's own record (0.5 ms, 5 % of requests 20 ms). */
  bimodalError: byGenerator(quantileErrorSchema),
  /** A server that stalls for 300 ms every 2 s, against arithmetic; dropped: requests without an answer. */
  stall: byGenerator(z.object({ p90Error: z.number(), p99Error: z.number(), dropped: z.number() })),
  /** Variation of the gaps (uniform 0, Poisson 1), lateness, and Anderson-Darling's A^2 for exponential gaps (critical 1.959 at 1 %). */
  pacing: byGenerator(z.object({ uniformCv: z.number(), poissonCv: z.number(), lagP99Ns: z.number(), exponentialA2: z.number() })),
  /** Whole process while pacing 1000/s. */
  pacedCost: byGenerator(z.object({ cpuMsPer1000: z.number() })),
  /** Closed loop at full speed against a server that answers at once; the ratio to other tools in the same run. */
  selfCost: byGenerator(z.object({ cpuMsPer1000: z.number(), requestsPerSecond: z.number(), ratioTo: z.record(z.string(), z.number()) })),
  /** Open loop on one CPU: highest rate with every request in time. */
  highestRatePerCore: byGenerator(z.number()),
  /** One datapath twice, relabelled at random within blocks; exact interval of the share that was called different. */
  falsePositives: z.record(z.string(), z.object({ rate: z.number(), low: z.number(), high: z.number(), n: z.number().int() })),
  /** Standard deviation of the log ratio of the two, per block. */
  pairSd: z.record(z.string(), z.object({ masked: z.number(), raw: z.number().nullable(), blocks: z.number().int() })),
  /** Measured seconds until the two were called equal within the margin; null: never. */
  equivalentAfterSeconds: z.record(z.string(), z.number().nullable()),
  /** A slowdown of known size on one arm. */
  injected: z.array(
    z.object({
      metric: z.string(),
      /** As a fraction of the metric. */
      size: z.number(),
      delayNs: z.number(),
      estimate: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      verdict: z.string(),
      /** Measured seconds until it was called different; null: never. */
      secondsToVerdict: z.number().nullable(),
    }),
  ),
  passed: z.boolean(),
  /** What keeps it from passing. */
  failures: z.array(z.string()),
});
export type Calibration = z.infer<typeof calibrationSchema>;
