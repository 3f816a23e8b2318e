/** Kills runs until so many were killed, several at once; now and then, when all have ended, nothing may be left on the machine. */
import { seededRandom } from '../../src/model/random.ts';
import { inventory, leftSince, meshtax, workspace } from '../e2e/machine.ts';
import { attempt, KILLS, type Kill, type KillRecord } from './attempt.ts';

/** So many between two looks at the whole machine. */
const ROUND = 15;

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: string;
  readonly atOnce: number;
  /** Kills fall evenly over so much time after a start. */
  readonly longestMs: number;
  readonly noted: (record: KillRecord) => void;
}

export async function crashCampaign({ kills, seed, atOnce, longestMs, noted }: CampaignOptions): Promise<void> {
  await meshtax(['clean', '--all']);
  for (let [killed, number] = [0, 0]; killed < kills;) {
    const before = await inventory();
    const round = Array.from({ length: Math.min(ROUND, kills - killed) }, () => number++);
    const records: KillRecord[] = [];
    const worker = async () => {
      for (let next = round.shift(); next !== undefined; next = round.shift()) records.push(await oneOf(next, seed, longestMs));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await meshtax(['clean', '--all']);
    const leaked = await leftSince(before);
    for (const record of records) {
      noted({ ...record, leaked: [...record.leaked, ...leaked] });
      if (record.outcome !== 'not killed') killed++;
    }
  }
}

async function oneOf(number: number, seed: string, longestMs: number): Promise<KillRecord> {
  const own = `${seed}-${number}`;
  const space = await workspace();
  try {
    return await attempt(KILLS[number % KILLS.length] as Kill, longestMs, own, seededRandom(own), space);
  } finally {
    await space.remove();
  }
}
