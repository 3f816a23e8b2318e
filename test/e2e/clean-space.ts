/** A file's tests leave nothing on the machine. Apart from machine.ts, which is used outside of tests too. */
import { afterEach, beforeEach, expect } from 'vitest';
import { inventory, leftSince, workspace, type Workspace } from './machine.ts';

/** Before each test of a file a folder of its own; after it the folder is gone, and nothing else is new on the machine. */
export function cleanSpace(): { readonly directory: string; readonly results: string; readonly write: Workspace['write'] } {
  let space: Workspace;
  let before: Record<string, string[]>;
  beforeEach(async () => {
    space = await workspace();
    before = await inventory();
  });
  afterEach(async () => {
    await space.remove();
    expect(await leftSince(before)).toEqual([]);
  });
  return {
    get directory() {
      return space.directory;
    },
    get results() {
      return space.results;
    },
    write: (name, text) => space.write(name, text),
  };
}
