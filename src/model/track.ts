/** A series over versions of a component, as it is kept beside its runs: results/<name>/series.json. */
import { z } from 'zod';

export const TRACK_VERSION = 1;

/** `pair`: neighbours of the series. `confirmation`: once more, afresh. `bisection`: to find the very version between two. */
const purposeSchema = z.enum(['pair', 'confirmation', 'bisection']);
export type Purpose = z.infer<typeof purposeSchema>;

export const pairRunSchema = z.object({
  older: z.string(),
  newer: z.string(),
  purpose: purposeSchema,
  /** Id of the run, in the same folder. */
  run: z.string().regex(/^[\w.-]+$/),
});
export type PairRun = z.infer<typeof pairRunSchema>;

/** Each is read and analysed. */
const MOST_PAIRS = 1000;

export const trackRecordSchema = z.object({
  trackVersion: z.literal(TRACK_VERSION),
  /** Becomes the name of a page. */
  name: z.string().regex(/^[\w.-]+$/),
  component: z.string(),
  /** Asked for, oldest first. */
  versions: z.array(z.string()).max(MOST_PAIRS),
  /** The experiment that each pair is made from, verbatim. */
  specText: z.string(),
  startedAt: z.string(),
  pairs: z.array(pairRunSchema).max(MOST_PAIRS),
});
export type TrackRecord = z.infer<typeof trackRecordSchema>;

/** A name for an arm: versions have dots, names have not. */
export function armOf(datapath: string, version: string): string {
  return `${datapath}-${version.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}`;
}
