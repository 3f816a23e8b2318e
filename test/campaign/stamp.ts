/** What was tried, and when: in every record of a campaign. */
import { execa } from 'execa';
import { ROOT } from '../e2e/machine.ts';

export interface Stamp {
  /** Of the sources; with `+` when they were changed after it. */
  readonly commit: string;
  /** UTC, to the second. */
  readonly at: string;
}

const git = async (...args: string[]) => (await execa('git', ['-C', ROOT, ...args], { reject: false })).stdout;
const commit = `${await git('rev-parse', '--short=10', 'HEAD')}${(await git('status', '--porcelain', '--untracked-files=no')) === '' ? '' : '+'}`;

export function stamp(): Stamp {
  return { commit, at: `${new Date().toISOString().slice(0, 19)}Z` };
}
