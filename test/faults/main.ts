/** `npm run faults -- --times 5 --only NAME --from NAME --out records.jsonl`: the fault campaign, by hand. Needs root. */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faults, tryFault } from './campaign.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    from: { type: 'string', default: '' },
    out: { type: 'string' },
  },
});
const first = faults.findIndex(({ id }) => id.includes(values.from));
const chosen = faults.slice(Math.max(first, 0)).filter(({ id }) => id.includes(values.only));
let bad = 0;
for (let time = 0; time < Number(values.times); time++) {
  for (const fault of chosen) {
    const record = await tryFault(fault).catch((error: unknown) => console.log(`${fault.id}: could not be tried: ${String(error)}`));
    if (!record) {
      bad++;
      continue;
    }
    const isBad = record.leaked.length + record.lost.length + record.wrong.length > 0;
    bad += isBad ? 1 : 0;
    if (values.out !== undefined) appendFileSync(values.out, `${JSON.stringify(record)}\n`);
    console.log(
      `${record.fault}: ${record.outcome} after ${record.endMs} ms, ${record.reason}${isBad ? ` BAD ${JSON.stringify(record)}` : ''}`,
    );
  }
}
console.log(`${chosen.length} kinds, ${bad} with something leaked, lost or wrong`);
process.exitCode = bad === 0 ? 0 : 1;
