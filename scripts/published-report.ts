/**
 * `npm run published`: renders every run below results/published into reports/published, and all of them, with their series, as a
 * site. The tests compare byte for byte.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { renderStored } from '../src/report/render/stored.ts';
import { listRuns, readRun } from '../src/store/read.ts';
import { readTrack } from '../src/store/track.ts';
import { files } from '../src/system/files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [results, reports] = [`${root}results/published`, `${root}reports/published`];

mkdirSync(reports, { recursive: true });
for (const { folder, path, record } of await listRuns(results, files)) {
  // The runs of a series are told by its page.
  if (await readTrack(folder, files)) continue;
  const stored = await readRun(path, files);
  for (const format of ['html', 'md'] as const) writeFileSync(`${reports}/${record.id}.${format}`, await renderStored(stored, format));
  console.log(`rendered ${record.id}`);
}
// What is there counts as rendered, whatever rendered it.
rmSync(`${reports}/site`, { recursive: true, force: true });
await execa(`${root}meshtax`, ['report', '--site', `${reports}/site`, '--results', results], { stdio: 'inherit' });
