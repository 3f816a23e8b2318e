/** `npm run faults -- --times 5 --at-once 2 --only NAME --from NAME --out records.jsonl`: the fault campaign, by hand. Needs root. */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mendWhenInterrupted } from '../campaign/held.ts';
import { isBad } from '../campaign/record.ts';
import { faultCampaign, faults } from './campaign.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    from: { type: 'string', default: '' },
    // `together`: those that leave the machine as it is; `alone`: the others, which want it quiet.
    which: { type: 'string', default: 'all' },
    out: { type: 'string' },
  },
});
const first = faults.findIndex(({ id }) => id.includes(values.from));
const isWanted = (alone = false) => values.which === 'all' || (values.which === 'alone') === alone;
const chosen = faults.filter(({ id, alone }, at) => first >= 0 && at >= first && id.includes(values.only) && isWanted(alone));
if (chosen.length === 0) throw new Error('no fault is called so');
let [tried, untried, bad] = [0, 0, 0];
mendWhenInterrupted();
for (let time = 0; time < Number(values.times); time++) {
  await faultCampaign(chosen, Number(values['at-once']), (record) => {
    if (values.out !== undefined) appendFileSync(values.out, `${JSON.stringify(record)}\n`);
    bad += isBad(record) ? 1 : 0;
    if (record.outcome === 'not tried') untried++;
    else tried++;
    const told = isBad(record) ? ` BAD ${JSON.stringify(record)}` : '';
    console.log(`${record.fault}: ${record.outcome} after ${record.endMs} ms, ${record.reason}${told}`);
  });
}
console.log(`${chosen.length} kinds: ${tried} tried, ${bad} with something leaked, lost or wrong; ${untried} could not be tried`);
process.exitCode = bad === 0 ? 0 : 1;
