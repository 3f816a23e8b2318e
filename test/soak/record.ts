/** What a soak showed, and whether that is as it should be. */
import type { Findings, Stamp } from '../campaign/record.ts';
import type { Slope } from './growth.ts';

/** One process; of a role with several, the one that was seen longest. */
export interface Growth {
  readonly role: string;
  readonly samples: number;
  readonly firstMiB: number;
  readonly lastMiB: number;
  readonly mostMiB: number;
  readonly memoryPerHourMiB: Slope | undefined;
  /** Of the second half above the first, at their most. */
  readonly newHeightMiB: number;
  /** Means of five minutes. */
  readonly meansMiB: readonly number[];
  readonly descriptorsMost: number;
  readonly descriptorsPerHour: Slope | undefined;
}

export interface SoakRecord extends Stamp, Findings {
  readonly asked: number;
  readonly minutes: number;
  readonly exit: number | string;
  readonly hung: boolean;
  readonly trials: number;
  readonly blocks: number;
  readonly journalBytes: number;
  readonly runBytes: number;
  /** Of the trials' files, together. */
  readonly trialBytes: number;
  readonly processes: readonly Growth[];
}

/** What the samples cannot tell from nothing: neighbouring pages, a cache that fills. */
const FLAT_MIB_PER_HOUR = 2;
const NEW_HEIGHT_MIB = 1;
const FLAT_DESCRIPTORS_PER_HOUR = 0.5;
const MOST_JOURNAL_BYTES_PER_TRIAL = 1000;

/** `meshtax` keeps of each trial what its verdicts need: what that grows by is expected of it, and nothing else. */
export function keptPerHourMiB({ trialBytes, minutes }: Pick<SoakRecord, 'trialBytes' | 'minutes'>): number {
  return trialBytes / 2 ** 20 / (minutes / 60);
}

export function wrongOf(record: Omit<SoakRecord, 'wrong'>): string[] {
  const { asked, minutes, exit, hung, journalBytes, trials, processes } = record;
  const wrong: string[] = [];
  if (hung) wrong.push('it hangs');
  if (exit !== 0 && exit !== 4) wrong.push(`it ended with ${exit}`);
  if (minutes < asked * 0.95) wrong.push(`it ended after ${minutes.toFixed(1)} of ${asked} minutes`);
  if (journalBytes > trials * MOST_JOURNAL_BYTES_PER_TRIAL) wrong.push(`the journal has ${journalBytes} bytes for ${trials} trials`);
  for (const { role, memoryPerHourMiB: memory, newHeightMiB: height, descriptorsPerHour: descriptors } of processes) {
    const allowed = FLAT_MIB_PER_HOUR + (role === 'meshtax' ? keptPerHourMiB(record) : 0);
    if (memory !== undefined && memory.low > allowed && height > NEW_HEIGHT_MIB)
      wrong.push(`${role} grows by ${memory.perHour.toFixed(1)} MiB an hour`);
    if (descriptors !== undefined && descriptors.low > FLAT_DESCRIPTORS_PER_HOUR)
      wrong.push(`${role} opens ${descriptors.perHour.toFixed(1)} descriptors an hour`);
  }
  for (const role of ['meshtax', 'generator', 'server'])
    if (!processes.some((each) => each.role === role && each.memoryPerHourMiB !== undefined))
      wrong.push(`${role} was not seen long enough`);
  return wrong;
}
