import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/cli/experiment-file.ts';
import { clusters } from '../../../src/clusters/index.ts';
import { datapaths } from '../../../src/datapaths/index.ts';
import { formatError, MeshtaxError } from '../../../src/model/errors.ts';
import { workloads } from '../../../src/workloads/index.ts';

const families = { clusters, datapaths, workloads, generators: [], collectors: [], checks: [] };
const parse = (text: string) => parseExperiment(families, text, 'e.yaml');

function errorOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof MeshtaxError) return formatError(error).split('\n')[0] ?? '';
    throw error;
  }
  throw new Error('it was accepted');
}

const valid = (change: (lines: string[]) => void): string => {
  const lines = [
    'name: x',
    'datapaths: [direct]',
    'workloads: [http-echo]',
    'loads:',
    '  - loop: open',
    '    rate: 500/s',
    '    duration: 2s',
  ];
  change(lines);
  return lines.join('\n');
};

describe('an experiment file', () => {
  test('defaults are applied', () => {
    const experiment = parse(valid(() => {}));
    expect(experiment).toMatchObject({
      cluster: { id: 'lab', options: { placement: 'cross-node' } },
      baseline: 'direct',
      datapaths: [{ id: 'direct', name: 'direct', options: {} }],
      loads: [{ ratePerSecond: 500, durationNs: 2e9, warmupNs: 1e9, connections: 8, arrivals: 'poisson', name: 'open-500' }],
      statistics: {
        blocks: 30,
        minBlocks: 6,
        blocksPerDeployment: 4,
        confidence: 0.95,
        stop: 'when-resolved',
        design: 'auto',
        margin: 0.05,
      },
    });
  });

  test.each([
    ['an unknown key', valid((lines) => lines.splice(1, 0, 'blokcs: 3')), /^e\.yaml:2:1: MT1001 .*unknown key "blokcs"/],
    [
      'an unknown option of a datapath',
      valid((lines) => (lines[1] = 'datapaths:\n  - direct\n  - id: envoy-sidecar\n    tsl: mtls')),
      /^e\.yaml:5:5: MT1001 .*unknown key "tsl"/,
    ],
    [
      'an unknown datapath',
      valid((lines) => (lines[1] = 'datapaths: [direct, istoi]')),
      /^e\.yaml:2:21: MT1001 .*expected one of direct, plain-pod, host-network/,
    ],
    [
      'a wrong unit',
      valid((lines) => (lines[6] = '    duration: 2 parsecs')),
      /^e\.yaml:7:15: MT1001 .*a duration with its unit, for instance 250ms or 3s, found "2 parsecs"/,
    ],
    ['a number without unit', valid((lines) => (lines[6] = '    duration: 2')), /^e\.yaml:7:15: MT1001 .*a duration with its unit/],
    ['a negative rate', valid((lines) => (lines[5] = '    rate: -5/s')), /^e\.yaml:6:11: MT1001 .*a rate above zero/],
    ['a rate of zero', valid((lines) => (lines[5] = '    rate: 0/s')), /^e\.yaml:6:11: MT1001 .*between 1\/s and 200000\/s/],
    ['a missing key', valid((lines) => lines.splice(2, 1)), /^e\.yaml:1:1: MT1001 .*workloads/],
    ['a baseline that is not there', valid((lines) => lines.push('baseline: ebpf-lab')), /^e\.yaml:8:11: MT1001 .*names no datapath/],
    ['a name twice', valid((lines) => (lines[1] = 'datapaths: [direct, direct]')), /^e\.yaml:2:21: MT1001 .*occurs twice/],
    ['a duplicate key', valid((lines) => lines.push('name: y')), /^e\.yaml:8:1: MT1003 /],
    ['a duplicate key inside', valid((lines) => (lines[1] = 'datapaths: [{ id: direct, id: direct }]')), /^e\.yaml:2:27: MT1003 /],
    ['a hundred thousand keys', Array.from({ length: 130_000 }, (_, at) => `k${at.toString(36)}:`).join('\n'), /^e\.yaml:\d+:1: MT1001 /],
    ['a hundred thousand levels', `a: ${'['.repeat(100_000)}`, /^e\.yaml/],
    ['no YAML', 'name: [', /^e\.yaml:1:\d+: MT1003 /],
    ['another document', '- 1\n- 2\n', /^e\.yaml:1:1: MT1001 /],
    ['nothing', '', /^e\.yaml:1:1: MT1001 /],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      /^e\.yaml: MT1003 /,
    ],
    ['a name that is a path', valid((lines) => (lines[0] = 'name: ../../etc')), /^e\.yaml:1:7: MT1001 .*lower-case letters/],
  ])(
    '%s',
    (_title, text, expected) => {
      expect(errorOf(text)).toMatch(expected);
    },
    30_000,
  );

  test('the shipped experiments are valid', () => {
    const folder = new URL('../../../workloads/experiments/', import.meta.url);
    const shipped = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    expect(shipped.length).toBeGreaterThanOrEqual(2);
    for (const name of shipped) expect(parse(readFileSync(new URL(name, folder), 'utf8')).datapaths.length).toBeGreaterThan(0);
  });
});
