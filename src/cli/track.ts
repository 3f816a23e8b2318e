/** `meshtax track`: a series over versions of a component; only what a fresh paired run confirms is a change. */
import { analyse, type Analysis } from '../analysis/analyse.ts';
import { confirmed } from '../analysis/history.ts';
import {
  analyseTrack,
  directionOf,
  outcomesOf,
  sameFigure,
  suspects,
  type Shown,
  type Step,
  type TrackAnalysis,
} from '../analysis/track.ts';
import { EXIT, MeshtaxError, reasonOf, type ExitCode } from '../model/errors.ts';
import type { Experiment } from '../model/experiment.ts';
import { armOf, TRACK_VERSION, type PairRun, type Purpose, type TrackRecord } from '../model/track.ts';
import { pairText, type Component, type Contexts } from '../plan/pair.ts';
import { trackDocument } from '../report/track.ts';
import { renderText } from '../report/render/text.ts';
import { readRun, readRunRecord } from '../store/read.ts';
import { readTrack, writeTrack } from '../store/track.ts';
import { writeForUser, type App } from './app.ts';
import { parseExperiment } from './experiment-file.ts';
import { runToEnd, type RunOptions } from './run.ts';
import { trackedRuns } from './site.ts';
import { componentNamed } from './track-components.ts';
import { readYamlText } from './yaml-file.ts';

export interface TrackOptions {
  readonly component: string;
  readonly versions?: readonly string[] | undefined;
  readonly at?: readonly string[] | undefined;
  readonly bisect?: boolean | undefined;
  readonly results: string;
  readonly html?: string | undefined;
  readonly json?: boolean | undefined;
  readonly yesChangeThisCluster?: boolean | undefined;
  readonly progress: RunOptions['progress'];
}

export async function trackCommand(app: App, file: string, options: TrackOptions): Promise<ExitCode> {
  const specText = await readYamlText(app, file);
  const experiment = parseExperiment(app.families, specText, file);
  const { name } = experiment;
  // Each writes the whole record of the series: two would write over each other's pairs.
  const release = await app.system.locks.take(`track-${app.hash(`${options.results}/${name}`).slice(0, 16)}`);
  if (!release) throw new MeshtaxError('MT4006', { run: name });
  return measureSeries(app, specText, experiment, options).finally(release);
}

async function measureSeries(app: App, specText: string, { name, statistics }: Experiment, options: TrackOptions): Promise<ExitCode> {
  const component = componentNamed(options.component);
  const versions = options.versions ?? component.versions;
  if (versions.length < 2)
    throw new MeshtaxError('MT1005', { subject: '--versions', problem: 'a series has two versions at least', command: 'track' });
  const folder = `${options.results}/${name}`;
  const record: TrackRecord = (await readTrack(folder, app.system.files)) ?? {
    trackVersion: TRACK_VERSION,
    name,
    component: component.id,
    versions: [...versions],
    specText,
    startedAt: app.system.clock.wallTime().toISOString(),
    pairs: [],
  };
  if (record.component !== component.id || record.specText !== specText)
    throw new MeshtaxError('MT1015', {
      name,
      folder,
      problem: record.component !== component.id ? `of ${record.component}` : 'of another text',
    });
  const places = contextsOf(options.at ?? []);
  const series = new Series(app, component, { ...record, versions: [...versions] }, folder, statistics.margin, places, options);
  for (const [index, newer] of versions.entries()) if (index > 0) await series.measure(versions[index - 1] as string, newer, 'pair');
  for (const [older, newer] of suspects(await series.analysis(), versions)) await series.measure(older, newer, 'confirmation');
  for (const shown of (await series.analysis()).shown) await confirm(series, versions, shown);
  const known = places.size === 0 ? component.versions : component.versions.filter((version) => places.has(version));
  if (options.bisect === true) await bisect(series, known);
  const analysis = await series.analysis();
  await tell(app, series.record, analysis, statistics.margin, options);
  return EXIT.ok;
}

/** What the series as a whole shows: a fresh run at the place, and around it where that says nothing. */
async function confirm(series: Series, versions: readonly string[], shown: Shown): Promise<void> {
  const differs = async (from: number, to: number) => {
    const [older, newer] = [versions[from] as string, versions[to] as string];
    const isChange = async () => (await series.stepsOf(older, newer)).some((step) => sameFigure(step, shown) && step.outcome === 'change');
    if (await isChange()) return true;
    await series.measure(older, newer, 'confirmation');
    return isChange();
  };
  await confirmed({ at: shown.at }, { differs, from: shown.from, to: shown.to });
}

/** Between two versions of the series that differ: the very one, among those that can be had, for the figure that changed. */
async function bisect(series: Series, known: readonly string[]): Promise<void> {
  for (const change of (await series.analysis()).steps.filter(({ outcome }) => outcome === 'change')) {
    const bracket = await narrowed(series, known, change);
    if (bracket === undefined) continue;
    for (const purpose of ['bisection', 'confirmation'] as const) await series.measure(...bracket, purpose);
  }
}

/** Undefined when there is nothing between the two. Ends early where a run says neither yes nor no. */
async function narrowed(series: Series, known: readonly string[], change: Step): Promise<[older: string, newer: string] | undefined> {
  let [older, newer] = [change.older, change.newer];
  for (;;) {
    const between = known.includes(older) ? known.slice(known.indexOf(older) + 1, known.indexOf(newer)) : [];
    const middle = between[Math.floor(between.length / 2)];
    if (middle === undefined) break;
    await series.measure(older, middle, 'bisection');
    const verdict = (await series.stepsOf(older, middle)).find((step) => sameFigure(step, change))?.first.verdict;
    if (verdict === directionOf(change)) newer = middle;
    else if (verdict === 'no difference') older = middle;
    else break;
  }
  return older === change.older && newer === change.newer ? undefined : [older, newer];
}

class Series {
  record: TrackRecord;
  readonly #app: App;
  readonly #component: Component;
  readonly #folder: string;
  readonly #margin: number;
  readonly #contexts: Contexts;
  readonly #options: TrackOptions;
  readonly #analyses = new Map<string, Analysis>();

  constructor(
    app: App,
    component: Component,
    record: TrackRecord,
    folder: string,
    margin: number,
    contexts: Contexts,
    options: TrackOptions,
  ) {
    this.#app = app;
    this.#component = component;
    this.record = record;
    this.#folder = folder;
    this.#margin = margin;
    this.#contexts = contexts;
    this.#options = options;
  }

  /** Once each: a series that was interrupted goes on where it stood. */
  async measure(older: string, newer: string, purpose: Purpose): Promise<void> {
    if (older === newer || this.record.pairs.some((each) => each.older === older && each.newer === newer && each.purpose === purpose))
      return;
    const text = this.#textOf(older, newer);
    if (this.#contexts.size === 0) for (const version of [older, newer]) await this.#provide(version);
    this.#app.err(`${purpose}: ${this.#component.id} ${older} and ${newer}\n`);
    const { results, progress, yesChangeThisCluster } = this.#options;
    const endedEarly = new MeshtaxError('MT3011', { older, newer });
    const { exit, path } = await runToEnd(this.#app, { text }, { results, progress, yesChangeThisCluster }).catch((error) => {
      throw error instanceof MeshtaxError && error.code === 'MT3005' ? endedEarly : error;
    });
    if (exit !== EXIT.ok && exit !== EXIT.invalidTrials) throw endedEarly;
    await this.#requireVersions(path, [older, newer]);
    const run = path.split('/').at(-1) ?? '';
    const analysis = analyse(await readRun(path, this.#app.system.files));
    // The run stays, and is told as what it is; once it were in the series nobody would ask again.
    if (outcomesOf(analysis, this.#component.datapath, { older, newer }).length === 0) throw new MeshtaxError('MT3016', { older, newer });
    this.#analyses.set(run, analysis);
    const pair: PairRun = { older, newer, purpose, run };
    this.record = { ...this.record, pairs: [...this.record.pairs, pair] };
    await writeTrack(this.#folder, this.record, this.#app.system.files);
  }

  /** A context may hold another version than it is said to. @throws MeshtaxError MT1012: the run stays, the series does not take it. */
  async #requireVersions(path: string, versions: readonly string[]): Promise<void> {
    const { note, datapath, id } = this.#component;
    if (note === undefined) return;
    const { arms } = await readRunRecord(path, this.#app.system.files);
    for (const version of versions) {
      const image = arms.find(({ name }) => name === armOf(datapath, version))?.notes[note] ?? '';
      const found = /:v?(\d+\.\d+\.\d+(?:-[\w.]+)?)/.exec(image)?.[1];
      const wanted = version.replace(/^v/, '');
      if (found !== undefined && found !== wanted && !['.', '-'].some((end) => found.startsWith(`${wanted}${end}`)))
        throw new MeshtaxError('MT1012', {
          problem: `${id} on ${this.#contexts.get(version) ?? 'its cluster'} is ${found}, not ${version}`,
        });
    }
  }

  async analysis(): Promise<TrackAnalysis> {
    const runs = await trackedRuns(this.#app, this.#folder, this.record, this.#analyses);
    for (const { pair, analysis } of runs) this.#analyses.set(pair.run, analysis);
    return analyseTrack(this.record, this.#component.datapath, runs, this.#margin);
  }

  async stepsOf(older: string, newer: string): Promise<readonly Step[]> {
    return (await this.analysis()).steps.filter((each) => each.older === older && each.newer === newer);
  }

  #textOf(older: string, newer: string): string {
    try {
      return pairText(this.record.specText, this.#component, older, newer, this.#contexts);
    } catch (error) {
      throw new MeshtaxError('MT1012', { problem: reasonOf(error) });
    }
  }

  async #provide(version: string): Promise<void> {
    for (const { setup } of this.#app.families.clusters)
      await setup?.provideVersion?.(this.#app.system, (line) => this.#app.err(`${line}\n`), version);
  }
}

async function tell(app: App, record: TrackRecord, analysis: TrackAnalysis, margin: number, { html, json }: TrackOptions): Promise<void> {
  const document = trackDocument(record, analysis, margin);
  if (html !== undefined) {
    const { renderHtml } = await import('../report/render/html.ts'); // Vega takes half a second to load
    await writeForUser(app, html, await renderHtml(document));
    app.err(`written: ${html}\n`);
  }
  app.out(json === true ? `${JSON.stringify({ record, ...analysis }, null, 1)}\n` : renderText(document));
}

/** `VERSION=CONTEXT`, of components that no cluster can hold twice. @throws MeshtaxError MT1005. */
function contextsOf(places: readonly string[]): Contexts {
  return new Map(
    places.map((place) => {
      const [version, context, ...rest] = place.split('=');
      if (!version || !context || rest.length > 0)
        throw new MeshtaxError('MT1005', { subject: `--at ${place}`, problem: 'expected VERSION=CONTEXT', command: 'track' });
      return [version, context] as const;
    }),
  );
}
