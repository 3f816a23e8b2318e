/**
 * The experiment: datapaths x workloads x loads on a cluster, with statistics settings.
 * The schema is assembled from the families' registries, so that a member's options are known where the file is read.
 */
import { z } from 'zod';
import { durationNs, ratePerSecond } from './units.ts';

const SECOND = 1e9;
const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected lower-case letters, digits and dashes, at most 40')
  .describe('how this entry is called in results; default: its id');

export interface Selected {
  readonly id: string;
  readonly name: string;
  readonly options: unknown;
}

/** The schema of one family member's entry in an experiment: its id, an optional name, its own options. */
export function memberSchema<const Id extends string, Options extends z.ZodObject>(id: Id, options: Options) {
  return z
    .strictObject({ id: z.literal(id), name: nameSchema.optional(), ...options.shape })
    .transform(({ id: memberId, name, ...rest }) => ({
      id: memberId as string,
      name: name ?? id,
      options: rest as unknown,
    }));
}

const openLoadSchema = z
  .strictObject({
    loop: z.literal('open').describe('requests are sent at their time, whether or not earlier ones were answered'),
    name: nameSchema.optional(),
    rate: ratePerSecond({ min: 1, max: 200_000 }).describe('requests per second and datapath, for instance 500/s'),
    arrivals: z.enum(['poisson', 'uniform']).default('poisson'),
    connections: z.number().int().min(1).max(1024).default(8),
    warmup: durationNs({ min: 0, max: 600 * SECOND })
      .default(SECOND)
      .describe('sent but not measured, for instance 1s'),
    duration: durationNs({ min: 0.2 * SECOND, max: 3600 * SECOND }).describe('of one measured window, for instance 3s'),
    pacing: z
      .enum(['auto', 'sleep', 'spin'])
      .default('auto')
      .describe(
        'sleep: a thread wakes for each request; spin: the generator polls all the time, more precise, a whole CPU; auto: spin where it has CPUs of its own (4 or more)',
      ),
    grpcEngine: z
      .enum(['http2', 'grpc-js'])
      .default('http2')
      .describe('http2: the light measuring engine; grpc-js: the reference client, for conformance'),
  })
  .transform(({ rate, warmup, duration, name, ...rest }) => ({
    ...rest,
    name: name ?? `open-${rate}`,
    ratePerSecond: rate,
    warmupNs: warmup,
    durationNs: duration,
  }));

const closedLoadSchema = z
  .strictObject({
    loop: z.literal('closed').describe('each connection sends its next request when the last was answered: capacity only'),
    name: nameSchema.optional(),
    connections: z.number().int().min(1).max(1024).default(8),
    warmup: durationNs({ min: 0, max: 600 * SECOND }).default(SECOND),
    duration: durationNs({ min: 0.2 * SECOND, max: 3600 * SECOND }),
  })
  .transform(({ warmup, duration, name, ...rest }) => ({
    ...rest,
    name: name ?? `closed-${rest.connections}`,
    warmupNs: warmup,
    durationNs: duration,
  }));

export type OpenLoad = z.output<typeof openLoadSchema>;
export type ClosedLoad = z.output<typeof closedLoadSchema>;
export type Load = OpenLoad | ClosedLoad;

const cpuLadderSchema = z
  .strictObject({
    shares: z
      .array(z.number().min(0.01).max(0.9))
      .min(3, 'fewer than three rates make no line')
      .max(8)
      .default([0.1, 0.3, 0.5, 0.7])
      .describe('rates at which CPU is measured, as shares of the lowest capacity of all datapaths'),
    warmup: durationNs({ min: 0, max: 60 * SECOND }).default(0.2 * SECOND),
    window: durationNs({ min: 0.2 * SECOND, max: 600 * SECOND }).default(0.8 * SECOND),
  })
  .transform(({ shares, warmup, window }) => ({ shares, warmupNs: warmup, windowNs: window }));

const statisticsSchema = z
  .strictObject({
    blocks: z.number().int().min(2).max(5000).default(30).describe('repetitions, at most: the block is the unit of replication'),
    minBlocks: z.number().int().min(2).max(1000).default(6).describe('repetitions, at least, before a run may stop early'),
    stop: z
      .enum(['when-resolved', 'fixed'])
      .default('when-resolved')
      .describe('when-resolved: as soon as every primary figure has a verdict (intervals stay valid); fixed: after all blocks'),
    measureAll: z
      .boolean()
      .default(false)
      .describe('with when-resolved: measure every block all the same, with the intervals of a run that might have stopped'),
    budget: durationNs({ min: 10 * SECOND, max: 7 * 24 * 3600 * SECOND })
      .default(600 * SECOND)
      .describe(
        'when-resolved, without measureAll: no block is begun that would end after this time, counted from the first deployment on',
      ),
    design: z
      .enum(['auto', 'duet', 'slice', 'block'])
      .default('auto')
      .describe(
        'duet: all datapaths at once, each request drawn to one; slice: in short random turns; block: one after the other; auto: duet while CPUs have room',
      ),
    blocksPerDeployment: z.number().int().min(1).max(1000).default(4).describe('1: every block on a fresh deployment'),
    margin: z.number().min(0.001).max(0.5).default(0.05).describe('a ratio within 1 +- this does not matter'),
    cpu: z
      .union([cpuLadderSchema, z.literal(false)])
      .prefault({})
      .describe('the rate ladder that CPU per request is fitted on; false: none'),
    confidence: z.number().min(0.5).max(0.999).default(0.95),
    seed: z.string().max(64).optional().describe('draws the order and the arrivals; default: random, and recorded'),
  })
  .transform(({ budget, minBlocks, ...rest }) => ({ ...rest, budgetNs: budget, minBlocks: Math.min(minBlocks, rest.blocks) }));

export type Statistics = z.output<typeof statisticsSchema>;

export interface Experiment {
  readonly name: string;
  readonly question: string;
  readonly cluster: Selected;
  readonly baseline: string;
  readonly datapaths: readonly Selected[];
  readonly workloads: readonly Selected[];
  readonly loads: readonly Load[];
  readonly statistics: Statistics;
}

type MemberSchema = z.ZodType<Selected>;

/** What the families offer: `[id, schema]` of each member. */
export interface Catalogue {
  readonly clusters: readonly MemberSchema[];
  readonly datapaths: readonly MemberSchema[];
  readonly workloads: readonly MemberSchema[];
}

export function experimentSchema(catalogue: Catalogue): z.ZodType<Experiment> {
  return z
    .strictObject({
      name: nameSchema.describe('names the folder under results/'),
      question: z.string().max(500).default('').describe('what the reader of the report wants to know'),
      cluster: entry(catalogue.clusters).prefault('lab'),
      baseline: z.string().default('direct').describe('the datapath all others are compared with'),
      datapaths: z.array(entry(catalogue.datapaths)).min(1),
      workloads: z.array(entry(catalogue.workloads)).min(1),
      loads: z.array(z.discriminatedUnion('loop', [openLoadSchema, closedLoadSchema])).min(1),
      statistics: statisticsSchema.prefault({}),
    })
    .superRefine((value, context) => {
      for (const family of ['datapaths', 'workloads', 'loads'] as const) {
        refuseDuplicates(
          value[family].map((item) => item.name),
          family,
          context,
        );
      }
      if (!value.datapaths.some((datapath) => datapath.name === value.baseline)) {
        context.addIssue({ code: 'custom', path: ['baseline'], message: `names no datapath of this experiment: "${value.baseline}"` });
      }
    });
}

/** An entry is an id alone or an object with options. */
function entry(members: readonly MemberSchema[]) {
  const objects = z.discriminatedUnion('id', members as unknown as [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]);
  const ids = members.map((member) => idOf(member)) as [string, ...string[]];
  return z.union([z.enum(ids).transform((id, context) => resolveShorthand(members, id, context)), objects]) as unknown as MemberSchema;
}

function resolveShorthand(members: readonly MemberSchema[], id: string, context: z.core.$RefinementCtx): Selected {
  const member = members.find((candidate) => idOf(candidate) === id);
  const parsed = member?.safeParse({ id });
  if (parsed?.success) return parsed.data;
  context.issues.push({ code: 'custom', message: `"${id}" needs options; write it as an object`, input: id });
  return z.NEVER;
}

function idOf(member: MemberSchema): string {
  const pipe = member as unknown as { in: z.ZodObject<{ id: z.ZodLiteral<string> }> };
  return pipe.in.shape.id.value;
}

function refuseDuplicates(
  names: readonly string[],
  family: string,
  context: { addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void },
): void {
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index) {
      context.addIssue({
        code: 'custom',
        path: [family, index],
        message: `the name "${name}" occurs twice; give one of them another \`name\``,
      });
    }
  });
}
