/** A load generator: its own process, opening its sockets inside the client pods, fed and read over stdio. */
import { z } from 'zod';
import type { Load } from '../experiment.ts';
import type { Protocol } from './workload.ts';

export interface Generator {
  readonly id: string;
  readonly title: string;
  readonly loop: 'open' | 'closed';
  readonly protocol: Protocol;
  /**
   * `shared`: one process drives all arms (sockets are opened in each client pod and handed over), so that arms can be
   * alive at the same time and share clocks, code and warm-up. `in-pod`: its library opens its own connections, so the
   * process itself lives in one arm's client pod.
   */
  readonly placement: 'shared' | 'in-pod';
  /** Whether this generator drives that load; among several the first of the registry is taken. */
  drives(load: Load): boolean;
  /** Name of its engine in the generator process (src/generators/process/engines.ts). */
  readonly engine: string;
}

/** Where a connection goes, and from where: `through` names a dialer that the generator's parent keeps; without it, from where it is. */
export const dialPlaceSchema = z.object({ through: z.string().optional(), host: z.string(), port: z.number() });
export type DialPlace = z.infer<typeof dialPlaceSchema>;

export const armTargetSchema = z.object({
  arm: z.string(),
  engine: z.string(),
  dial: dialPlaceSchema,
  connections: z.number().int(),
  requestBytes: z.number().int(),
  responseBytes: z.number().int(),
});
export type ArmTarget = z.infer<typeof armTargetSchema>;

/** From and to, CLOCK_MONOTONIC ns. */
export const timeWindowSchema = z.tuple([z.number(), z.number()]);
export type TimeWindow = z.infer<typeof timeWindowSchema>;

/** Commands to the generator process, one JSON document a line. */
export const generatorCommandSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('connect'), id: z.number(), target: armTargetSchema }),
  z.object({ op: z.literal('disconnect'), id: z.number(), arm: z.string() }),
  z.object({
    op: z.literal('open-load'),
    id: z.number(),
    /** Each request goes to one of these, drawn by the seed. */
    arms: z.array(z.string()).min(1),
    seed: z.string(),
    arrivals: z.enum(['poisson', 'uniform']),
    pacing: z.enum(['sleep', 'spin']),
    ratePerSecond: z.number(),
    /** The load ends after this time, or after `requests` if given. */
    durationNs: z.number(),
    requests: z.number().int().optional(),
    /** So many requests to one arm before the next takes its turn; without it each request is drawn apart. */
    requestsPerSlice: z.number().int().positive().optional(),
    /** The first instant of the load by this process's own wall clock; several generators start together by it. */
    startAtWallMs: z.number().optional(),
  }),
  z.object({ op: z.literal('clock'), id: z.number() }),
  /** Over the requests of the last open load: the same histograms without those that became due inside a window. */
  z.object({ op: z.literal('mask'), id: z.number(), windows: z.array(timeWindowSchema) }),
  /** `inFlight` requests at a time over the connections there are; autocannon takes one for each connection. */
  z.object({
    op: z.literal('closed-load'),
    id: z.number(),
    arm: z.string(),
    durationNs: z.number(),
    inFlight: z.number().int().optional(),
  }),
  z.object({ op: z.literal('exit'), id: z.number() }),
]);
export type GeneratorCommand = z.infer<typeof generatorCommandSchema>;

const histogramSchema = z.object({ count: z.number(), hdr: z.string() });

/** What one arm got out of one load. Histograms are HDR V2, base64, nanoseconds, 3 significant digits. */
export const armLoadSchema = z.object({
  arm: z.string(),
  sent: z.number(),
  ok: z.number(),
  errors: z.number(),
  errorKinds: z.record(z.string(), z.number()),
  /** done - enqueue, answered with success. */
  response: histogramSchema,
  /** done - enqueue, anything else. */
  responseError: histogramSchema,
  /** send - enqueue: time spent waiting for a free connection. */
  wait: histogramSchema,
  connectionsOpened: z.number(),
  backlogMax: z.number(),
  backlogAtEnd: z.number(),
});
export type ArmLoad = z.infer<typeof armLoadSchema>;

/** What is left of an arm's good answers after masking. */
export const maskedArmSchema = z.object({ arm: z.string(), response: histogramSchema, dropped: z.number() });
export type MaskedArm = z.infer<typeof maskedArmSchema>;

/** Of `errorKinds`: due in the window, and without a free connection until its end. */
export const NEVER_SENT = 'never sent';

export const loadResultSchema = z.object({
  arms: z.array(armLoadSchema),
  startNs: z.number(),
  endNs: z.number(),
  /** Idle time before the start, by which several generators had agreed on it. */
  leadNs: z.number().optional(),
  intendedRequests: z.number(),
  /** Of the sends, over the time from first to last intended arrival. */
  achievedRatePerSecond: z.number(),
  /** enqueue - intended: how late the pacer was. */
  lag: histogramSchema,
  /** The first gaps between enqueue times, ns: enough to test that they are exponential. */
  gapSampleNs: z.array(z.number()).default([]),
  /** Coefficient of variation of the gaps between enqueue times (Poisson 1, uniform 0). */
  gapVariation: z.number(),
  /** CPU of the generator process over the load. */
  cpuNs: z.number(),
  /** Share of the load in which the generator's event loop was busy. */
  loopUtilisation: z.number(),
});
export type LoadResult = z.infer<typeof loadResultSchema>;

export const generatorReplySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('connected'), id: z.number(), connections: z.number() }),
  z.object({ kind: z.literal('done'), id: z.number() }),
  z.object({ kind: z.literal('clock'), id: z.number(), wallMs: z.number() }),
  z.object({ kind: z.literal('load'), id: z.number(), result: loadResultSchema }),
  z.object({ kind: z.literal('masked'), id: z.number(), arms: z.array(maskedArmSchema) }),
  z.object({ kind: z.literal('failed'), id: z.number(), reason: z.string() }),
]);
export type GeneratorReply = z.infer<typeof generatorReplySchema>;
