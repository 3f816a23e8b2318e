import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datapaths } from '../../../src/datapaths/index.ts';
import { generators } from '../../../src/generators/index.ts';
import { experimentSchema, type Experiment } from '../../../src/model/experiment.ts';
import { clusters } from '../../../src/clusters/index.ts';
import { explainPlan } from '../../../src/plan/explain.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { workloads } from '../../../src/workloads/index.ts';

const schema = experimentSchema({
  clusters: clusters.map((each) => each.schema),
  datapaths: datapaths.map((each) => each.schema),
  workloads: workloads.map((each) => each.schema),
});
const families = { generators, workloads };

function experiment(change: Record<string, unknown> = {}): Experiment {
  return schema.parse({
    name: 'x',
    datapaths: ['direct', 'iptables-service', 'ebpf-lab'],
    workloads: ['http-echo', 'grpc-unary'],
    loads: [{ loop: 'open', rate: '500/s', duration: '2s' }],
    ...change,
  });
}

describe('makePlan', () => {
  test('every block holds every cell exactly once, whatever the seed', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 12 }), (seed, blocks) => {
        const plan = makePlan(experiment({ statistics: { blocks } }), families, seed);
        expect(plan.blocks).toHaveLength(blocks);
        for (const block of plan.blocks) {
          const cells = block.trials.map((trial) => `${trial.arm} ${trial.workload} ${trial.load}`);
          expect(new Set(cells).size).toBe(6);
          expect(cells).toHaveLength(6);
          expect(block.trials.map((trial) => trial.position)).toEqual([0, 1, 2, 3, 4, 5]);
        }
        const ids = plan.blocks.flatMap((block) => block.trials.map((trial) => trial.id));
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test('the same seed gives the same plan, another seed another order', () => {
    const order = (seed: string) => makePlan(experiment(), families, seed).blocks.map((block) => block.trials.map((trial) => trial.id));
    expect(order('a')).toEqual(order('a'));
    expect(order('a')).not.toEqual(order('b'));
  });

  test('the arms of one comparison follow each other: they are compared with each other', () => {
    for (const block of makePlan(experiment(), families, 's').blocks) {
      const runs = block.trials.map((trial) => trial.workload);
      expect(runs.slice(0, 3).every((workload) => workload === runs[0])).toBe(true);
    }
  });

  test('no arm is favoured: over many blocks each comes first about equally often', () => {
    const plan = makePlan(experiment({ statistics: { blocks: 600 }, workloads: ['http-echo'] }), families, 'fair');
    const first = new Map<string, number>();
    for (const block of plan.blocks) first.set(block.trials[0]?.arm ?? '', (first.get(block.trials[0]?.arm ?? '') ?? 0) + 1);
    for (const count of first.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  test('blocksPerDeployment groups blocks', () => {
    const plan = makePlan(experiment({ statistics: { blocks: 5, blocksPerDeployment: 2 } }), families, 's');
    expect(plan.blocks.map((block) => block.deployment)).toEqual([0, 0, 1, 1, 2]);
  });

  test('a load that no generator drives is refused with what there is', () => {
    const closedGrpc = experiment({ workloads: ['grpc-unary'], loads: [{ loop: 'closed', duration: '1s' }] });
    expect(() => makePlan(closedGrpc, families, 's')).toThrow(/MT1004|No generator drives a closed-loop load of protocol grpc/);
  });

  test('grpcEngine chooses the generator', () => {
    const plan = (engine: string) =>
      makePlan(
        experiment({ workloads: ['grpc-unary'], loads: [{ loop: 'open', rate: '10/s', duration: '1s', grpcEngine: engine }] }),
        families,
        's',
      );
    expect(plan('http2').comparisons[0]?.generator.id).toBe('grpc-open');
    expect(plan('grpc-js').comparisons[0]?.generator.id).toBe('grpc-open-conformance');
  });

  test('explains itself in words', () => {
    const text = explainPlan(makePlan(experiment(), families, 's'), ['a thing']);
    expect(text).toContain('baseline direct');
    expect(text).toContain('a thing');
    expect(text).toContain('36 trials');
  });
});
