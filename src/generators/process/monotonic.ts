/** CLOCK_MONOTONIC as a number of ns: the same clock in every thread and process of a machine. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
