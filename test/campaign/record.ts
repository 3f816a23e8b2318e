/** What every record of a campaign says: what was tried, when, and what was bad of it. */
import { execa } from 'execa';
import { ROOT } from '../e2e/machine.ts';

export interface Stamp {
  /** Of the sources; with `+` when they were changed after it. */
  readonly commit: string;
  /** UTC, to the second. */
  readonly at: string;
}

export interface Findings {
  readonly leaked: readonly string[];
  readonly lost: readonly string[];
  readonly wrong: readonly string[];
}

const git = async (...args: string[]) => (await execa('git', ['-C', ROOT, ...args], { reject: false })).stdout;
const commit = `${await git('rev-parse', '--short=10', 'HEAD')}${(await git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'test', 'clusters', 'workloads')) === '' ? '' : '+'}`;

export function stamp(): Stamp {
  return { commit, at: `${new Date().toISOString().slice(0, 19)}Z` };
}

export function isBad({ leaked, lost, wrong }: Findings): boolean {
  return leaked.length + lost.length + wrong.length > 0;
}
