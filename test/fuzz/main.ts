/** `npm run fuzz -- --n 100000 --only NAME --out records.jsonl`: the fuzz campaign, by hand. Each target in a thread that is watched. */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stamp } from '../campaign/record.ts';
import { targets } from './campaign.ts';
import { fuzzWatched } from './watched.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '10000' },
    seed: { type: 'string', default: 'fuzz' },
    only: { type: 'string', default: '' },
    out: { type: 'string' },
  },
});
let [inputs, bad] = [0, 0];
for (const { target, share } of targets.filter((each) => each.target.id.includes(values.only))) {
  const record = await fuzzWatched(target.id, Math.ceil(Number(values.n) * share), values.seed);
  inputs += record.inputs;
  bad += record.failures.length;
  if (values.out !== undefined) appendFileSync(values.out, `${JSON.stringify({ ...stamp(), ...record })}\n`);
  console.log(
    `${record.target}: ${record.inputs} inputs, ${record.blocks} blocks, slowest ${record.slowestMs} ms, ${record.failures.length} failures`,
  );
  for (const failure of record.failures.slice(0, 5)) console.log(`  ${failure.problem}\n  ${failure.input.slice(0, 400)}`);
}
console.log(`${inputs} inputs, ${bad} failures`);
process.exitCode = bad === 0 ? 0 : 1;
