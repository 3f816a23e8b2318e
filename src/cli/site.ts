/**
 * `meshtax report --site`: all runs and series below results/ as a static site. Pages hold their charts as specs and draw
 * them with the site's one script; what has not changed since the last time is left as it is.
 */
import { z } from 'zod';
import { analyse, ANALYSIS_VERSION, type Analysis } from '../analysis/analyse.ts';
import { analyseTrack, type TrackedRun } from '../analysis/track.ts';
import { EXIT, formatError, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { jsonOrUndefined } from '../model/json.ts';
import type { TrackRecord } from '../model/track.ts';
import { buildReport } from '../report/build.ts';
import type { Page } from '../report/render/html.ts';
import { indexTables, type SiteRun, type SiteSeries } from '../report/site.ts';
import { trackDocument } from '../report/track.ts';
import { listRuns, readRun, sealOf, type RunEntry } from '../store/read.ts';
import { readTrack } from '../store/track.ts';
import { makeDirectoryForUser, writeForUser, type App } from './app.ts';
import { siteScript } from './live-charts.ts';
import { componentNamed } from './track-components.ts';

const SCRIPT = 'charts.js';
const RUN_PAGE: Page = { draw: { src: `../${SCRIPT}` }, back: { text: 'all runs', href: '../index.html' } };

/** Vega takes half a second to load: no other command waits for it. */
const pages = () => import('../report/render/html.ts');

/** What the site knows of a run, so that it need not be read again. */
const entrySchema = z.object({
  id: z.string(),
  experiment: z.string(),
  cluster: z.string(),
  status: z.string(),
  startedAt: z.string(),
  verdict: z.string(),
  /** Of its content, and of what rendered it. */
  print: z.string(),
});
const manifestSchema = z.object({ runs: z.array(entrySchema) });
type Entry = z.infer<typeof entrySchema>;

/** @throws MeshtaxError MT1005 when a run is named: a site has all of them. */
export async function siteCommand(
  app: App,
  directory: string,
  run: string | undefined,
  { results }: { readonly results: string },
): Promise<ExitCode> {
  if (run !== undefined)
    throw new MeshtaxError('MT1005', { subject: `--site beside ${run}`, problem: 'a site has all runs of --results', command: 'report' });
  const { renderIndex } = await pages();
  const { files } = app.system;
  for (const folder of ['runs', 'series']) await makeDirectoryForUser(app, `${directory}/${folder}`);
  const known = manifestSchema.safeParse(jsonOrUndefined((await files.readTextIfAny(`${directory}/site.json`)) ?? ''));
  const before = new Map((known.success ? known.data.runs : []).map((entry) => [entry.id, entry]));
  const found = await listRuns(results, files);
  if (found.length === 0) throw new MeshtaxError('MT4001', { run: 'to show', directory: results });
  const entries: Entry[] = [];
  let rendered = 0;
  for (const run of found) {
    const print = await printOf(app, run).catch(told(app));
    if (print === undefined) continue;
    const old = before.get(run.record.id);
    if (old?.print === print && (await files.exists(`${directory}/runs/${run.record.id}.html`))) {
      entries.push(old);
      continue;
    }
    const entry = await writeRun(app, directory, run, print).catch(told(app));
    if (entry) {
      entries.push(entry);
      rendered++;
    }
  }
  const series = await writeSeries(app, directory, found);
  await writeForUser(app, `${directory}/${SCRIPT}`, await siteScript(app.system.host.projectRoot));
  await writeForUser(app, `${directory}/index.html`, renderIndex(`${entries.length} runs`, indexTables(entries, series)));
  await writeForUser(app, `${directory}/site.json`, `${JSON.stringify({ runs: entries }, null, 1)}\n`);
  app.out(`${directory}/index.html: ${entries.length} runs, ${rendered} of them rendered now, ${series.length} series\n`);
  return EXIT.ok;
}

/** A sealed run is known by its seal; another one by what its record says. */
async function printOf({ system: { files }, version }: App, { path, record }: RunEntry): Promise<string> {
  const content = (await sealOf(path, files)) ?? `${record.status} ${record.endedAt ?? ''} ${record.proofs.length}`;
  return `${version}/${ANALYSIS_VERSION} ${content}`;
}

/** Undefined for a run without a trial. */
async function writeRun(app: App, directory: string, { path }: RunEntry, print: string): Promise<Entry | undefined> {
  const stored = await readRun(path, app.system.files);
  if (stored.trials.length === 0) return undefined;
  const document = buildReport(stored, analyse(stored));
  const { id, experiment, cluster, status, startedAt } = stored.run;
  const { renderHtml } = await pages();
  await writeForUser(app, `${directory}/runs/${id}.html`, await renderHtml(document, RUN_PAGE));
  const run: SiteRun = { id, experiment, cluster, status, startedAt, verdict: document.verdicts[0] ?? '' };
  return { ...run, print };
}

async function writeSeries(app: App, directory: string, found: readonly RunEntry[]): Promise<SiteSeries[]> {
  const series: SiteSeries[] = [];
  for (const folder of new Set(found.map((run) => run.folder))) {
    const found = await writeOneSeries(app, directory, folder).catch(told(app));
    if (found) series.push(found);
  }
  return series;
}

/** Undefined where there is none. */
async function writeOneSeries(app: App, directory: string, folder: string): Promise<SiteSeries | undefined> {
  const record = await readTrack(folder, app.system.files);
  const runs = record && (await trackedRuns(app, folder, record));
  if (!record || !runs?.[0]) return undefined;
  const { margin } = runs[0].run;
  const { name, component, versions } = record;
  const document = trackDocument(record, analyseTrack(record, componentNamed(component).datapath, runs, margin), margin);
  const { renderHtml } = await pages();
  await writeForUser(app, `${directory}/series/${name}.html`, await renderHtml(document, RUN_PAGE));
  return { name, component, versions, verdict: document.verdicts[0] ?? '' };
}

/** One damaged run keeps no other from the site. */
function told(app: App): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof MeshtaxError) || error.code === 'MT1008') throw error;
    app.err(`${formatError(error)}\n`);
    return undefined;
  };
}

export async function trackedRuns(
  app: App,
  folder: string,
  record: TrackRecord,
  known: ReadonlyMap<string, Analysis> = new Map(),
): Promise<TrackedRun[]> {
  const runs = new Map<string, Omit<TrackedRun, 'pair'>>();
  for (const id of new Set(record.pairs.map(({ run }) => run))) {
    const stored = await readRun(`${folder}/${id}`, app.system.files);
    runs.set(id, { run: stored.run, analysis: known.get(id) ?? analyse(stored) });
  }
  return record.pairs.map((pair) => ({ pair, ...(runs.get(pair.run) as Omit<TrackedRun, 'pair'>) }));
}
