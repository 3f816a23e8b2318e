import { agreementsOf, type Agreement } from '../model/agreement.ts';
import type { ValidityCheck } from '../model/contracts/check.ts';
import { formatValue } from '../model/format.ts';

/** Two instruments of one quantity that contradict each other: one of them is wrong, and nobody knows which. */
export const instrumentsAgree: ValidityCheck = {
  stage: 'validity',
  code: 'MT0310',
  title: 'two instruments agree on one quantity',
  judge(record) {
    const pairs = agreementsOf(record);
    const apart = pairs.filter(({ agrees }) => !agrees);
    const unseen = record.notMeasured.map(
      ({ collector, metric, component, notMeasured }) => `${collector} ${metric} of ${component}: ${notMeasured}`,
    );
    if (pairs.length === 0 && unseen.length === 0)
      return { level: 'not-applicable', detail: 'one instrument for each quantity', why: '', fix: '' };
    const told = [...apart.map(words), ...unseen];
    if (told.length === 0) return { level: 'ok', detail: `${pairs.length} pairs of figures`, why: '', fix: '' };
    return {
      level: 'warning',
      detail: told.slice(0, MOST_TOLD).join('; ') + (told.length > MOST_TOLD ? `; ${told.length - MOST_TOLD} more` : ''),
      why: 'beyond what edges and sampling explain, one of two figures of the same thing is wrong; what was not measured cannot confirm',
      fix: 'look at both in the trial record; a window longer than a few samples of the slower instrument helps',
    };
  },
};

const MOST_TOLD = 3;

function words({ quantity, component, instruments, values, unit }: Agreement): string {
  const [a, b] = values.map((value) => (unit === 'count' ? String(value) : formatValue(unit, value)));
  return `${quantity} of ${component}: ${a} by ${instruments[0]}, ${b} by ${instruments[1]}`;
}
