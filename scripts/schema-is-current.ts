/** Fails when schema/experiment.schema.json is not what the families say; `npm run schema` writes it. */
import { readFileSync } from 'node:fs';
import { experimentJsonSchema } from '../src/cli/schema.ts';
import { clusters } from '../src/clusters/index.ts';
import { datapaths } from '../src/datapaths/index.ts';
import { workloads } from '../src/workloads/index.ts';

const families = { clusters, datapaths, workloads, generators: [], collectors: [], checks: [] };
const stored = readFileSync(new URL('../schema/experiment.schema.json', import.meta.url), 'utf8');
if (stored !== experimentJsonSchema({ families })) {
  console.error('schema/experiment.schema.json is out of date: npm run schema');
  process.exit(1);
}
