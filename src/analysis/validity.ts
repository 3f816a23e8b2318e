/** What became of a run's windows: used, left out, measured again, and what their checks had to say. */
import type { Finding } from '../model/findings.ts';
import type { TrialRecord } from '../model/records.ts';

export interface Validity {
  readonly blocks: number;
  /** Windows that count; those measured again are not among them. */
  readonly counted: number;
  readonly repeated: number;
  readonly invalid: readonly { readonly id: string; readonly findings: readonly Finding[] }[];
  readonly warnings: readonly Finding[];
  /** Of windows whose mask is used: answers left out, and all. */
  readonly masked: { readonly dropped: number; readonly answered: number };
  /** Each as the calibration calls it: the generator, `-spin` where it polled. */
  readonly generators: readonly string[];
}

/** `isMasked`: whether the masked latencies of a window are the ones that count. */
export function validityOf(trials: readonly TrialRecord[], isMasked: (trial: TrialRecord) => boolean): Validity {
  const counted = trials.filter(({ superseded }) => !superseded);
  const masked = counted.filter((trial) => trial.kind === 'latency' && isMasked(trial));
  const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);
  return {
    blocks: new Set(trials.map(({ block }) => block)).size,
    counted: counted.length,
    repeated: trials.length - counted.length,
    invalid: counted
      .filter(({ valid }) => !valid)
      .map(({ id, findings }) => ({ id, findings: findings.filter(({ level }) => level === 'error') })),
    warnings: counted.flatMap(({ findings }) => findings.filter(({ level }) => level === 'warning')),
    masked: {
      dropped: sum(masked.map((trial) => trial.masked?.dropped ?? 0)),
      answered: sum(masked.map(({ result }) => result.arms[0]?.ok ?? 0)),
    },
    generators: [...new Set(trials.map(({ generator, requested }) => (requested.pacing === 'spin' ? `${generator}-spin` : generator)))],
  };
}
