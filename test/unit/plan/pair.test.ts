/** From one experiment to that of two versions. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseExperiment } from '../../../src/cli/experiment-file.ts';
import { clusters } from '../../../src/clusters/index.ts';
import { datapaths } from '../../../src/datapaths/index.ts';
import { pairText } from '../../../src/plan/pair.ts';
import { workloads } from '../../../src/workloads/index.ts';

const families = { clusters, datapaths, workloads } as unknown as Parameters<typeof parseExperiment>[0];
const envoy = { id: 'envoy', datapath: 'envoy-sidecar', versions: ['1.39.3', '1.40.0'] };
const spec = (lab: string) => `name: series\n${lab}workloads: [http-echo]\nloads: [{ loop: open, rate: 100/s, duration: 2s }]\n`;
const LAB = spec('datapaths: [direct, { id: envoy-sidecar, tls: mtls }]\n');

describe('a pair of versions', () => {
  test('both beside the baseline, with everything else as it was', () => {
    const text = pairText(LAB, envoy, '1.39.3', '1.40.0', new Map());
    const experiment = parseExperiment(families, text, 'pair.yaml');
    expect(experiment.datapaths.map(({ name }) => name)).toEqual(['direct', 'envoy-sidecar-1-39-3', 'envoy-sidecar-1-40-0']);
    expect(experiment.datapaths.map(({ options }) => options)).toEqual([
      { slowdown: 0 },
      expect.objectContaining({ version: '1.39.3', tls: 'mtls' }),
      expect.objectContaining({ version: '1.40.0', tls: 'mtls' }),
    ]);
    expect(experiment).toMatchObject({ baseline: 'direct', name: 'series' });
  });
  test('on two clusters, each with a baseline of its own', () => {
    const kubernetes = spec(
      'cluster: { id: kubernetes, context: any, qos: burstable }\nbaseline: host-network\ndatapaths: [host-network, cilium]\n',
    );
    const places = new Map([
      ['1.19.4', 'old'],
      ['1.19.6', 'new'],
    ]);
    const text = pairText(kubernetes, { id: 'cilium', datapath: 'cilium', versions: [] }, '1.19.4', '1.19.6', places);
    expect(parse(text)).toMatchObject({
      baseline: 'baseline-1-19-4',
      cluster: {
        context: 'old',
        qos: 'burstable',
        others: [{ context: 'new', baseline: 'baseline-1-19-6', datapaths: ['baseline-1-19-6', 'cilium-1-19-6'] }],
      },
    });
    expect(parseExperiment(families, text, 'pair.yaml').datapaths.map(({ id, name }) => `${id} ${name}`)).toEqual([
      'host-network baseline-1-19-4',
      'cilium cilium-1-19-4',
      'host-network baseline-1-19-6',
      'cilium cilium-1-19-6',
    ]);
  });
  test('what no build is pinned for needs a place', () => {
    const cilium = { id: 'cilium', datapath: 'cilium', versions: [] };
    const text = spec('datapaths: [direct, cilium]\n');
    expect(() => pairText(text, cilium, '1.19.4', '1.19.6', new Map())).toThrow(/1\.19\.4 and 1\.19\.6 of cilium can be found/);
    expect(() => pairText(text, cilium, '1.19.4', '1.19.6', new Map([['1.19.4', 'old']]))).toThrow(/where 1\.19\.6 of cilium/);
    expect(() => pairText(LAB, envoy, '1.39.3', '1.40.0', new Map([['1.40.0', 'new']]))).toThrow(/where 1\.39\.3 of envoy/);
  });
  test.each([
    ['without the datapath', spec('datapaths: [direct, ebpf-lab]\n'), /needs the datapath envoy-sidecar once/],
    ['with two of it', spec('datapaths: [direct, envoy-sidecar, { id: envoy-sidecar, name: other }]\n'), /once/],
    ['without a baseline', spec('baseline: envoy-sidecar\ndatapaths: [envoy-sidecar]\n'), /needs a baseline/],
  ])('an experiment %s is refused', (_title, text, message) =>
    expect(() => pairText(text, envoy, '1.39.3', '1.40.0', new Map())).toThrow(message),
  );
});
