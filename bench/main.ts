/**
 * `npm run bench`: the benchmarks of this folder that take seconds. Run it on a quiet machine. What a generator does
 * against known delays is `meshtax calibrate`; whether datapaths couple is `node bench/coupling.ts` (12 minutes, root), what the
 * collectors do to what they measure `node bench/collector-overhead.ts` (6 minutes, root).
 */
await import('./analysis-speed.ts');
await import('./instrument-cost.ts');
