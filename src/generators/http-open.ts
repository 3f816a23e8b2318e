import type { Generator } from '../model/contracts/generator.ts';

/** Our own HTTP/1.1 engine on `net`: keep-alive pool, paced arrivals, latency from enqueue. */
export const httpOpen: Generator = {
  id: 'http-open',
  title: 'HTTP/1.1 open loop, own engine',
  loop: 'open',
  protocol: 'http',
  placement: 'shared',
  drives: (load) => load.loop === 'open',
  engine: 'http1',
};
