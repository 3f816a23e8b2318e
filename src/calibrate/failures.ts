/** What must hold for a report to be called calibrated. */
import type { Calibration } from '../model/calibration.ts';

/** Of two identical datapaths and of slowdowns of known size. Memory is no figure of a direct connection. */
const COMPARED = ['latency.p50', 'latency.p99', 'cpu.machine'];
const SLOWED = ['latency.p50', 'latency.p99'];

type Proofs = Pick<Calibration, 'quantileError' | 'stall' | 'falsePositives' | 'injected'>;

/** In words; empty when all holds. What could not be measured, because the host let no trial count, does not. */
export function failuresOf({ quantileError, stall, falsePositives, injected }: Proofs): string[] {
  const failures: string[] = [];
  const worse = (value: number, limit: number) => !(Math.abs(value) <= limit);
  for (const [name, { p50, p99 }] of Object.entries(quantileError)) {
    const [limit50, limit99] = name.startsWith('http') ? [0.05, 0.02] : [0.1, 0.1];
    if (worse(p50, limit50) || worse(p99, limit99))
      failures.push(`${name}: p50 off by ${percent(p50)}, p99 by ${percent(p99)} of a known distribution`);
  }
  for (const [name, { p99Error, dropped }] of Object.entries(stall)) {
    if (worse(p99Error, 0.05) || dropped > 0)
      failures.push(`${name}: a stall's p99 off by ${percent(p99Error)}, ${dropped} requests without answer`);
  }
  for (const metric of COMPARED) {
    const found = falsePositives[metric];
    if (found === undefined) failures.push(`${metric}: identical datapaths could not be compared, too few trials of them are valid`);
    else if (found.low > 0.05)
      failures.push(`${metric}: identical datapaths were called different in ${percent(found.rate)} of the comparisons`);
  }
  for (const metric of SLOWED) {
    const found = injected.find((each) => each.metric === metric && each.estimate !== null);
    if (found && ['lower', 'no difference'].includes(found.verdict))
      failures.push(`${metric}: a slowdown of known size was called "${found.verdict}"`);
    if (!found) failures.push(`${metric}: a slowdown of known size could not be measured, too few trials are valid`);
  }
  return failures;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
