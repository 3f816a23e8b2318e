/** `npm run crash -- --n 1000 --out records.jsonl`: the crash campaign, by hand. Needs root. */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { crashCampaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '30' },
    seed: { type: 'string', default: 'crash' },
    'at-once': { type: 'string', default: '4' },
    longest: { type: 'string', default: '14000' },
    out: { type: 'string' },
  },
});
let [done, bad] = [0, 0];
await crashCampaign({
  kills: Number(values.n),
  seed: values.seed,
  atOnce: Number(values['at-once']),
  longestMs: Number(values.longest),
  noted: (record) => {
    const isBad = record.leaked.length + record.lost.length + record.wrong.length > 0;
    done++;
    bad += isBad ? 1 : 0;
    if (values.out !== undefined) appendFileSync(values.out, `${JSON.stringify(record)}\n`);
    console.log(`${done} ${record.kind}, ${record.phase}: ${record.outcome}${isBad ? ` ${JSON.stringify(record)}` : ''}`);
  },
});
console.log(`${done} runs, ${bad} with something leaked, lost or wrong`);
process.exitCode = bad === 0 ? 0 : 1;
