/** The trials of a run as they are on disk, however it ended. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { trialRecordSchema, type TrialRecord } from '../../src/model/records.ts';
import type { WatchedRun } from './watched-run.ts';

/** Those that are whole; which must be is `lostTrials`' question. */
export function trialsOf(directory: string): TrialRecord[] {
  const root = `${directory}/trials`;
  return existsSync(root) ? readdirSync(root).flatMap((name) => trialIn(`${root}/${name}`) ?? []) : [];
}

/** Whose end was told, and which are not on disk, or not whole. */
export function lostTrials(run: WatchedRun): string[] {
  return run.ended.filter((trial) => trialIn(`${run.directory()}/trials/${trial}`) === undefined);
}

function trialIn(folder: string): TrialRecord | undefined {
  try {
    return trialRecordSchema.parse(JSON.parse(readFileSync(`${folder}/trial.json`, 'utf8')));
  } catch {
    return undefined;
  }
}
