/** `npm run crash -- --n 1000 --out records.jsonl`: the crash campaign, by hand. `--start`: goes on after so many. Needs root. */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mendWhenInterrupted } from '../campaign/held.ts';
import { crashCampaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '30' },
    seed: { type: 'string', default: 'crash' },
    start: { type: 'string', default: '0' },
    'at-once': { type: 'string', default: '4' },
    out: { type: 'string' },
  },
});
let [done, bad] = [0, 0];
mendWhenInterrupted();
await crashCampaign({
  kills: Number(values.n),
  seed: values.seed,
  start: Number(values.start),
  atOnce: Number(values['at-once']),
  noted: (record) => {
    if (values.out !== undefined) appendFileSync(values.out, `${JSON.stringify(record)}\n`);
    const problems = record.kind === 'whole machine' ? record.leaked : [...record.leaked, ...record.lost, ...record.wrong];
    bad += problems.length > 0 ? 1 : 0;
    const told = problems.length > 0 ? ` BAD ${JSON.stringify(record)}` : '';
    if (record.kind === 'whole machine') return console.log(`whole machine: ${record.leaked.length} left${told}`);
    done++;
    console.log(`${done} ${record.kind} at ${record.aim.event} ${record.aim.n} (${record.phase}): ${record.outcome}${told}`);
  },
});
console.log(`${done} runs, ${bad} records with something leaked, lost or wrong`);
process.exitCode = bad === 0 ? 0 : 1;
