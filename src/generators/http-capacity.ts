import type { Generator } from '../model/contracts/generator.ts';

/**
 * autocannon, closed loop. Its rate mode bursts and its correction for coordinated omission has a unit error
 * (docs/decisions/004-autocannon.md), so neither is used, and latency comes from our own histogram.
 */
export const httpCapacity: Generator = {
  id: 'http-capacity',
  title: 'HTTP/1.1 closed loop, autocannon',
  loop: 'closed',
  protocol: 'http',
  placement: 'in-pod',
  drives: (load) => load.loop === 'closed',
  engine: 'autocannon',
};
