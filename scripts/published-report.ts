/** `npm run published`: renders every run below results/published into reports/published. The tests compare byte for byte. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderStored } from '../src/report/render/stored.ts';
import { readRun } from '../src/store/read.ts';
import { files } from '../src/system/files.ts';

const results = fileURLToPath(new URL('../results/published/', import.meta.url));
const reports = fileURLToPath(new URL('../reports/published/', import.meta.url));

mkdirSync(reports, { recursive: true });
for (const run of readdirSync(results)) {
  const stored = await readRun(`${results}${run}`, files);
  for (const format of ['html', 'md'] as const) writeFileSync(`${reports}${run}.${format}`, await renderStored(stored, format));
  console.log(`rendered ${run}`);
}
