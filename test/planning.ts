/** As much of the program as planning needs, with the real families; what it reads is in memory. */
import type { App } from '../src/cli/app.ts';
import { clusters } from '../src/clusters/index.ts';
import { datapaths } from '../src/datapaths/index.ts';
import { generators } from '../src/generators/index.ts';
import { workloads } from '../src/workloads/index.ts';
import { fakeSystem, MemoryFiles } from './fakes.ts';

export function planningApp(files: Readonly<Record<string, string>> = {}): App {
  return {
    families: { clusters, datapaths, workloads, generators, collectors: [], checks: [] },
    system: fakeSystem({ files: new MemoryFiles(files) }),
    hash: (text: string) => text.length.toString(16),
  } as unknown as App;
}
