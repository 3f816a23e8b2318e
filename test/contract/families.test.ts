/** What every member of a family must be; a new one is tested the moment it is registered. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { charts } from '../../src/charts/index.ts';
import { checks } from '../../src/checks/index.ts';
import { clusters } from '../../src/clusters/index.ts';
import { collectors } from '../../src/collectors/index.ts';
import { datapaths } from '../../src/datapaths/index.ts';
import { generators } from '../../src/generators/index.ts';
import { engines } from '../../src/generators/process/engines.ts';
import { featuresSchema } from '../../src/model/features.ts';
import { workloads } from '../../src/workloads/index.ts';

const unique = (ids: readonly string[]) => expect(new Set(ids).size).toBe(ids.length);

test('ids are unique and kebab-case in every family', () => {
  for (const family of [clusters, datapaths, workloads, generators, collectors, charts]) {
    const ids = family.map((member) => member.id);
    expect(ids.length).toBeGreaterThan(0);
    unique(ids);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9-]*$/);
  }
  unique(checks.map((check) => check.code));
});

describe.each(datapaths.map((datapath) => [datapath.id, datapath] as const))('datapath %s', (id, datapath) => {
  test('its defaults parse, its features are complete, a foreign option is refused', () => {
    const selected = datapath.schema.parse({ id });
    expect(selected).toMatchObject({ id, name: id });
    expect(featuresSchema.parse(datapath.features(selected.options))).toBeTruthy();
    expect(datapath.schema.safeParse({ id, nonsense: 1 }).success).toBe(false);
    expect(datapath.schema.safeParse({ id: 'other' }).success).toBe(false);
  });
  test('every option says what it does', () => {
    const schema = z.toJSONSchema(datapath.schema, { io: 'input' }) as { properties: Record<string, { description?: string }> };
    for (const [key, property] of Object.entries(schema.properties))
      if (key !== 'id') expect(`${key}: ${property.description}`).not.toContain('undefined');
  });
  test('can be deployed somewhere', () => expect(datapath.lab ?? datapath.kubernetes).toBeDefined());
});

describe.each(workloads.map((workload) => [workload.id, workload] as const))('workload %s', (id, workload) => {
  test('gives a server specification with ports of its own', () => {
    const selected = workload.schema.parse({ id });
    const [first, second] = [workload.server(selected, 0), workload.server(selected, 1)];
    expect(first.protocol).toBe(workload.protocol);
    expect(first.responseBytes).toBe(1024);
    expect(first.servicePort).not.toBe(second.servicePort);
    expect(first.containerPort).not.toBe(second.containerPort);
  });
  test.each([
    [
      { kind: 'fixed', delay: '1ms' },
      { kind: 'fixed', delayNs: 1e6 },
    ],
    [
      { kind: 'lognormal', median: '2ms', sigma: 0.6 },
      { kind: 'lognormal', medianNs: 2e6, sigma: 0.6 },
    ],
    [
      { kind: 'bimodal', fast: '1ms', slow: '20ms', slowShare: 0.1 },
      { kind: 'bimodal', fastNs: 1e6, slowNs: 20e6, slowShare: 0.1 },
    ],
    [
      { kind: 'stall', every: '2s', stall: '300ms' },
      { kind: 'stall', everyNs: 2e9, stallNs: 3e8 },
    ],
  ])('delay %o', (written, delay) => {
    expect(workload.server(workload.schema.parse({ id, delay: written }), 0).delay).toEqual(delay);
  });
});

test('every generator has an engine, and says which loads it drives', () => {
  for (const generator of generators) {
    expect(generator.loop === 'closed' ? generator.engine === 'autocannon' : generator.engine in engines).toBe(true);
    expect(generator.placement === 'in-pod' || generator.loop === 'open').toBe(true);
  }
});

test('collectors say what they include and what they leave out', () => {
  for (const collector of collectors) {
    expect(collector.includes.length).toBeGreaterThan(20);
    expect(collector.leavesOut.length).toBeGreaterThan(10);
  }
});

test('checks of a stage have codes of its range, doctor checks of clusters included', () => {
  const range = { doctor: /^MT01\d\d$/, verify: /^MT02\d\d$/, validity: /^MT03\d\d$/ };
  const all = [...checks, ...clusters.flatMap((cluster) => cluster.doctor)];
  unique(all.map((check) => check.code));
  for (const check of all) expect(check.code).toMatch(range[check.stage]);
});
