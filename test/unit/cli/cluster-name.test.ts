import { describe, expect, test } from 'vitest';
import type { App } from '../../../src/cli/app.ts';
import { clusterNamed, moveTo } from '../../../src/cli/cluster-name.ts';
import { clusters } from '../../../src/clusters/index.ts';
import { datapaths } from '../../../src/datapaths/index.ts';

const app = { families: { clusters, datapaths } } as unknown as App;
const named = (text: string) => {
  const { cluster, place } = clusterNamed(app, text, 'run');
  return [cluster.id, place];
};

describe('--cluster', () => {
  test('one of ours, a context, or a context that is called like one of ours', () => {
    expect(named('lab')).toEqual(['lab', undefined]);
    expect(named('gke_test_europe')).toEqual(['kubernetes', 'gke_test_europe']);
    expect(named('arn:aws:eks:x:1:cluster/a')).toEqual(['kubernetes', 'arn:aws:eks:x:1:cluster/a']);
    expect(named('kubernetes:lab')).toEqual(['kubernetes', 'lab']);
    expect(() => named('')).toThrow(/known clusters are lab, kubernetes, kind, simulated/);
  });

  test('the experiment moves; what it said of a cluster stays where only the context is another', () => {
    const onLab = clusters.find(({ id }) => id === 'lab')?.schema.parse({ id: 'lab' });
    const moved = moveTo(clusterNamed(app, 'there', 'run'), onLab as NonNullable<typeof onLab>);
    expect(moved).toMatchObject({ id: 'kubernetes', options: { context: 'there', qos: 'guaranteed' } });
    const burstable = clusters.find(({ id }) => id === 'kubernetes')?.schema.parse({ id: 'kubernetes', context: 'here', qos: 'burstable' });
    expect(moveTo(clusterNamed(app, 'there', 'run'), burstable as NonNullable<typeof burstable>)).toMatchObject({
      options: { context: 'there', qos: 'burstable' },
    });
  });

  test('a context must be named', () => {
    const onLab = clusters.find(({ id }) => id === 'lab')?.schema.parse({ id: 'lab' });
    expect(() => moveTo(clusterNamed(app, 'kubernetes', 'run'), onLab as NonNullable<typeof onLab>)).toThrow(/context/);
  });
});
