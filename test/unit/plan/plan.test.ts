import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datapaths } from '../../../src/datapaths/index.ts';
import { generators } from '../../../src/generators/index.ts';
import { experimentSchema, type Experiment } from '../../../src/model/experiment.ts';
import { clusters } from '../../../src/clusters/index.ts';
import { explainPlan } from '../../../src/plan/explain.ts';
import { makePlan, trialsOf } from '../../../src/plan/plan.ts';
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
          const cells = trialsOf([block]).map((trial) => `${trial.arm} ${trial.workload} ${trial.load} ${trial.kind} ${trial.share}`);
          // Each arm of each workload: once for latency, and on each of the four steps of the ladder.
          expect(new Set(cells).size).toBe(30);
          expect(cells).toHaveLength(30);
          expect(trialsOf([block]).map((trial) => trial.position)).toEqual([...Array(30).keys()]);
        }
        const ids = trialsOf(plan.blocks).map((trial) => trial.id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test('the same seed gives the same plan, another seed another order', () => {
    const order = (seed: string) => trialsOf(makePlan(experiment(), families, seed).blocks).map((trial) => trial.id);
    expect(order('a')).toEqual(order('a'));
    expect(order('a')).not.toEqual(order('b'));
  });

  test('a step holds one comparison: its latency of all arms, then its ladder', () => {
    for (const block of makePlan(experiment(), families, 's').blocks) {
      expect(block.steps.map((step) => step.kind)).toEqual(['latency', 'cpu', 'latency', 'cpu']);
      expect(block.steps[0]?.workload).toBe(block.steps[1]?.workload);
      for (const step of block.steps) expect(step.trials.every((trial) => trial.workload === step.workload)).toBe(true);
    }
  });

  test('without a ladder, and with a closed loop, there is latency only', () => {
    const kinds = (change: Record<string, unknown>) =>
      new Set(trialsOf(makePlan(experiment(change), families, 's').blocks).map((trial) => trial.kind));
    expect(kinds({ statistics: { cpu: false } })).toEqual(new Set(['latency']));
    expect(kinds({ workloads: ['http-echo'], loads: [{ loop: 'closed', duration: '1s' }] })).toEqual(new Set(['latency']));
  });

  test('no arm is favoured: over many blocks each comes first about equally often', () => {
    const plan = makePlan(experiment({ statistics: { blocks: 600 }, workloads: ['http-echo'] }), families, 'fair');
    const first = new Map<string, number>();
    for (const block of plan.blocks) {
      const arm = block.steps[0]?.trials[0]?.arm ?? '';
      first.set(arm, (first.get(arm) ?? 0) + 1);
    }
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
    expect(text).toContain('at most 900 trials');
  });
});
