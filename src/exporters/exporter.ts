/** An exporter: a stored run and its analysis, as another program keeps such things. */
import type { Analysis } from '../analysis/analyse.ts';
import type { StoredRun } from '../model/records.ts';

export interface Exporter {
  /** The word after `--format`. */
  readonly id: string;
  readonly title: string;
  /** What is lost on the way. */
  readonly leavesOut: string;
  render(stored: StoredRun, analysis: Analysis): string;
}
