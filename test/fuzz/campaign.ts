/** Inputs made from inputs, for every target: those that reached new code are kept and changed further. */
import { seededRandom } from '../../src/model/random.ts';
import { Coverage } from './coverage.ts';
import { experiments, plans, words, yamlFiles } from './experiments.ts';
import { strangePages, strangeRuns } from './runs.ts';
import { bpftool, leases, storedPlans } from './state.ts';
import type { Target } from './target.ts';
import { flows, frames, histograms, httpAnswers, metricsPages, replies, resultFiles } from './wire.ts';

/** `share`: of all inputs; slow targets get fewer. */
export const targets: readonly { readonly target: Target<never>; readonly share: number }[] = [
  { target: experiments, share: 0.13 },
  { target: plans, share: 0.05 },
  { target: yamlFiles, share: 0.08 },
  { target: words, share: 0.1 },
  { target: strangeRuns, share: 0.05 },
  { target: strangePages, share: 0.003 },
  { target: httpAnswers, share: 0.15 },
  { target: frames, share: 0.15 },
  { target: histograms, share: 0.07 },
  { target: metricsPages, share: 0.05 },
  { target: resultFiles, share: 0.1 },
  { target: replies, share: 0.067 },
  { target: flows, share: 0.05 },
  { target: leases, share: 0.03 },
  { target: bpftool, share: 0.05 },
  { target: storedPlans, share: 0.03 },
] as unknown as { target: Target<never>; share: number }[];

export interface FuzzRecord {
  readonly target: string;
  /** Really tried. */
  readonly inputs: number;
  readonly slowestMs: number;
  /** Blocks of our code that its inputs reached. */
  readonly blocks: number;
  readonly failures: readonly { readonly input: string; readonly problem: string }[];
}

const SLOW_MS = 5000;
/** Asking for coverage costs milliseconds: after so many inputs the last ones are looked at. */
const LOOK_EVERY = 8;

/** `begin` is told of every input before it is tried. */
export async function fuzz(target: Target, inputs: number, seed: string, begin: (input: unknown) => void = () => {}): Promise<FuzzRecord> {
  const random = seededRandom(`${seed}/${target.id}`);
  const coverage = new Coverage();
  const corpus = [...target.seeds];
  const failures: { input: string; problem: string }[] = [];
  let slowestMs = 0;
  let recent: unknown[] = [];
  let tried = 0;
  for (let number = 0; number < inputs && failures.length < 20; number++) {
    tried++;
    const parent = corpus[random.below(corpus.length)];
    const input = number < target.seeds.length ? target.seeds[number] : target.mutate(parent, random);
    begin(input);
    const begunMs = performance.now();
    try {
      await target.try(input);
    } catch (error) {
      failures.push({
        input: inWords(input),
        problem: error instanceof Error ? (error.stack ?? error.message).slice(0, 600) : String(error),
      });
    }
    const tookMs = performance.now() - begunMs;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > SLOW_MS) failures.push({ input: inWords(input), problem: `it took ${Math.round(tookMs)} ms` });
    recent.push(input);
    if (recent.length < LOOK_EVERY) continue;
    if (coverage.take() > 0 && corpus.length < 500) corpus.push(...recent);
    recent = [];
  }
  coverage.take();
  coverage.end();
  return { target: target.id, inputs: tried, slowestMs: Math.round(slowestMs), blocks: coverage.blocks, failures };
}

export function inWords(input: unknown): string {
  const text =
    input instanceof Uint8Array ? Buffer.from(input).toString('latin1') : typeof input === 'string' ? input : JSON.stringify(input);
  return JSON.stringify(text).slice(0, 40_000);
}
