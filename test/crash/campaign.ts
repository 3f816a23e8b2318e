/** Kills runs until so many were killed, several at once; now and then, when all have ended, nothing may be left on the machine. */
import { seededRandom } from '../../src/model/random.ts';
import { holding } from '../campaign/held.ts';
import { stamp, type Stamp } from '../campaign/record.ts';
import { inventory, leftSince, meshtax, workspace } from '../e2e/machine.ts';
import { attempt, KILLS, type Attempted, type Kill, type KillRecord } from './attempt.ts';

/** So many between two looks at the whole machine. */
const ROUND = 15;
/** Runs that end before they are killed are no kills; with more of them than this, something else is wrong. */
const MOST_ATTEMPTS_PER_KILL = 3;

/** After a round: what is on the machine that was not before. */
export interface LookRecord extends Stamp {
  readonly kind: 'whole machine';
  readonly attempts: number;
  readonly leaked: readonly string[];
}

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: string;
  /** The number of the first attempt: others of the same seed were made before. */
  readonly start?: number;
  readonly atOnce: number;
  readonly noted: (record: KillRecord | LookRecord) => void;
}

export async function crashCampaign(options: CampaignOptions): Promise<void> {
  const { kills, start = 0 } = options;
  await meshtax(['clean', '--all']);
  let killed = 0;
  for (let first = start; killed < kills && first < start + kills * MOST_ATTEMPTS_PER_KILL; first += ROUND) {
    const numbers = Array.from({ length: Math.min(ROUND, kills - killed) }, (_, at) => first + at);
    killed += await round(numbers, options);
  }
}

/** Returns how many were killed. */
async function round(numbers: readonly number[], { seed, atOnce, noted }: CampaignOptions): Promise<number> {
  const before = await inventory();
  const queue = [...numbers];
  let killed = 0;
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const record = await oneOf(next, seed);
      noted({ ...stamp(), ...record });
      if (record.outcome !== 'not killed') killed++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await meshtax(['clean', '--all']);
  noted({ ...stamp(), kind: 'whole machine', attempts: numbers.length, leaked: await leftSince(before) });
  return killed;
}

/** What goes wrong with the attempt itself is on record as wrong, and the campaign goes on. */
async function oneOf(number: number, seed: string): Promise<Attempted> {
  const own = `${seed}-${number}`;
  const kind = KILLS[number % KILLS.length] as Kill;
  const space = await workspace();
  return holding(
    () => space.remove(),
    async () => {
      try {
        return await attempt(kind, own, seededRandom(own), space);
      } catch (error) {
        const wrong = [`the attempt failed: ${error instanceof Error ? error.stack : String(error)}`];
        const aim = { event: 'starting', n: 1, delayMs: 0 } as const;
        return { kind, seed: own, aim, phase: '', exit: '', endMs: 0, outcome: 'not killed', leaked: [], lost: [], wrong, trials: 0 };
      }
    },
  );
}
