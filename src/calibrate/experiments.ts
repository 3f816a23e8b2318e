/** The experiments of a calibration, as the text that is stored with their runs. */
import { stringify } from 'yaml';

export interface Injection {
  readonly arm: string;
  readonly metric: string;
  /** As a fraction of the metric. */
  readonly size: number;
  readonly delayNs: number;
}

const WINDOW = { full: '4s', quick: '2s' } as const;

export type Effort = 'full' | 'quick';

/** One datapath under two names. */
export function nullExperiment(blocks: number, effort: Effort): string {
  return experimentText(
    'calibration-null',
    'Are two identical datapaths called different?',
    [{ id: 'direct', name: 'twin' }],
    {
      blocks,
      minBlocks: 3,
      cpu: { shares: [0.15, 0.4, 0.65], window: effort === 'quick' ? '300ms' : '600ms', warmup: '100ms' },
    },
    effort,
  );
}

/** The same datapath with slowdowns of known size. */
export function injectedExperiment(injections: readonly Injection[], blocks: number, effort: Effort): string {
  const arms = injections.map(({ arm, delayNs }) => ({ id: 'direct', name: arm, slowdown: `${delayNs}ns` }));
  return experimentText(
    'calibration-injected',
    'How soon is a slowdown of known size found?',
    arms,
    { blocks, minBlocks: 3, cpu: false },
    effort,
  );
}

/** Every block is measured, so that the record shows when a run of its own would have stopped. */
function experimentText(name: string, question: string, arms: readonly object[], statistics: object, effort: Effort): string {
  const blocksPerDeployment = 8;
  return stringify({
    name,
    question,
    cluster: 'lab',
    baseline: 'direct',
    datapaths: ['direct', ...arms],
    workloads: ['http-echo'],
    loads: [{ loop: 'open', rate: '1000/s', warmup: '500ms', duration: WINDOW[effort] }],
    statistics: { ...statistics, stop: 'when-resolved', budget: '1h', design: 'duet', measureAll: true, blocksPerDeployment },
  });
}
