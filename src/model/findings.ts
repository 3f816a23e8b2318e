/** A check's result, carried in records and shown by every renderer. Warnings are data. */
import { z } from 'zod';

export const findingSchema = z.object({
  code: z.string(),
  level: z.enum(['ok', 'info', 'warning', 'error', 'not-applicable']),
  title: z.string(),
  /** What was seen. */
  detail: z.string(),
  /** Why it matters to the measurement; empty when nothing is wrong. */
  why: z.string(),
  /** The command or change that mends it; empty when there is none. */
  fix: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

export type Finding = z.infer<typeof findingSchema>;
