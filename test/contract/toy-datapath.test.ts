/** Adding a datapath is one file and one line: this is the file, and the array below is the line. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checks } from '../../src/checks/index.ts';
import type { App } from '../../src/cli/app.ts';
import { defaultRunOptions, runCommand } from '../../src/cli/run.ts';
import { datapaths } from '../../src/datapaths/index.ts';
import { generators } from '../../src/generators/index.ts';
import type { Datapath } from '../../src/model/contracts/datapath.ts';
import { memberSchema } from '../../src/model/experiment.ts';
import { workloads } from '../../src/workloads/index.ts';
import { fakeCluster, fakeCollector } from '../fake-cluster.ts';
import { fakeSystem, MemoryFiles } from '../fakes.ts';
import { PLAIN } from '../../src/model/features.ts';

const toy: Datapath = {
  id: 'toy',
  title: 'a toy',
  schema: memberSchema('toy', z.object({ colour: z.enum(['red', 'blue']).default('red').describe('of the toy') })),
  features: () => ({
    ...PLAIN,
    l7PassesPerRequest: 1,
    policy: 'l7',
    telemetry: 'a bell',
    notes: 'a toy',
  }),
  lab: {
    deploy: async (site) => ({
      components: [],
      envoys: [],
      bpfPrograms: [],
      expectations: [],
      notes: {},
      pathCounters: async () => ({}),
      address: (server) => ({ host: site.server.address, port: server.containerPort }),
    }),
  },
};

test('a registered datapath can be named in an experiment, is run, and stands in the report with its features', async () => {
  const spec = `name: toys
datapaths: [direct, { id: toy, colour: blue }]
workloads: [http-echo]
loads: [{ loop: open, rate: 1000/s, duration: 1s, warmup: 0s }]
statistics: { blocks: 2, stop: fixed, design: block, cpu: false, blocksPerDeployment: 1 }
`;
  let out = '';
  const app: App = {
    system: fakeSystem({ files: new MemoryFiles({ 'e.yaml': spec }) }),
    families: {
      clusters: [fakeCluster([])],
      datapaths: [...datapaths, toy],
      workloads,
      generators,
      collectors: [fakeCollector([])],
      checks,
    },
    version: '0.0.0',
    argv: [],
    out: (text) => void (out += text),
    err: () => {},
    pass: () => {},
    hash: (text) => text,
    progress: () => () => {},
    interruption: new AbortController().signal,
  };
  expect(await runCommand(app, 'e.yaml', { ...defaultRunOptions, json: true, progress: 'quiet' })).toBe(0);
  const document = JSON.parse(out) as { run: { arms: { name: string; options: unknown; features: unknown }[] }; verdicts: string[] };
  expect(document.run.arms.find((arm) => arm.name === 'toy')).toMatchObject({
    options: { colour: 'blue' },
    features: { telemetry: 'a bell' },
  });
  expect(document.verdicts.some((verdict) => verdict.startsWith('toy against direct'))).toBe(true);
});
