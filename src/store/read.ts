/** Reading runs from disk: found by path, id or `latest`; schema checked, checksums on demand. */
import { z } from 'zod';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { Files } from '../model/ports.ts';
import {
  runHeadSchema,
  runRecordSchema,
  SCHEMA_VERSION,
  trialRecordSchema,
  type RunHead,
  type RunRecord,
  type StoredRun,
  type TrialRecord,
} from '../model/records.ts';
import { CHECKSUMS, filesBelow, sha256 } from './run-directory.ts';

export interface RunEntry {
  /** Of its experiment: where a series would have its record. */
  readonly folder: string;
  readonly path: string;
  readonly record: RunHead;
}

/** Every readable run below `results/<folder>/`, oldest first; unreadable ones are left out. */
export async function listRuns(results: string, files: Files): Promise<RunEntry[]> {
  return (await lookThrough(results, files)).runs;
}

/** `unreadable`: directories that hold a run, or something in its place, that cannot be read. */
async function lookThrough(results: string, files: Files): Promise<{ runs: RunEntry[]; unreadable: string[] }> {
  const folders = (await files.list(results)).filter(({ isDirectory }) => isDirectory).map(({ name }) => `${results}/${name}`);
  // What somebody else measured may be closed to us; the other folders are not.
  const places = await inBatches(folders, async (folder) =>
    (await files.list(folder).catch(() => []))
      .filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => ({ folder, path: `${folder}/${name}` })),
  );
  const entries = await inBatches(places.flat(), async (place) => ({ place, entry: await entryOf(place, files) }));
  const runs = entries.flatMap(({ entry }) => (entry === undefined || entry === 'unreadable' ? [] : entry));
  return {
    runs: runs.sort((a, b) => (a.record.startedAt < b.record.startedAt ? -1 : 1)),
    unreadable: entries.filter(({ entry }) => entry === 'unreadable').map(({ place }) => place.path),
  };
}

/** Undefined where there is no run. */
async function entryOf({ folder, path }: Pick<RunEntry, 'folder' | 'path'>, files: Files): Promise<RunEntry | 'unreadable' | undefined> {
  if (!(await files.exists(`${path}/run.json`))) return undefined;
  try {
    return { folder, path, record: await parse(path, 'run.json', runHeadSchema, files) };
  } catch (error) {
    if (error instanceof MeshtaxError) return 'unreadable';
    throw error;
  }
}

/** A path to a run directory, a run's id or the end of it, or `latest`. @throws MeshtaxError MT4001; MT4003, MT4004 when a later one cannot be read. */
export async function findRun(wanted: string, results: string, files: Files): Promise<string> {
  if (await files.exists(`${wanted}/run.json`)) return wanted.replace(/\/+$/, '');
  const { runs, unreadable } = await lookThrough(results, files);
  const latest = runs.at(-1);
  if (wanted === 'latest' && latest) {
    // Their names begin with the time: to judge an older run for one that is damaged would pass for its judgement.
    const later = unreadable.find((path) => nameOf(path) > nameOf(latest.path));
    if (later !== undefined) await readRunRecord(later, files);
    return latest.path;
  }
  const matching = runs.filter(({ record }) => record.id === wanted || record.id.endsWith(`-${wanted}`));
  if (matching.length === 1) return (matching[0] as RunEntry).path;
  throw new MeshtaxError('MT4001', { run: wanted, directory: results });
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** @throws MeshtaxError MT4003 when damaged, MT4004 when written by a newer version. */
export async function readRunRecord(path: string, files: Files): Promise<RunRecord> {
  return parse(path, 'run.json', runRecordSchema, files);
}

/** To be judged it must have measured something. @throws MeshtaxError as findRun and readRun, MT4010 for a run without a trial. */
export async function readMeasured(wanted: string, results: string, files: Files): Promise<StoredRun> {
  const path = await findRun(wanted, results, files);
  const stored = await readRun(path, files);
  const { status, failure } = stored.run;
  if (stored.trials.length === 0) throw new MeshtaxError('MT4010', { run: path, status, why: failure ?? 'nothing says why' });
  return stored;
}

/** Of ours the largest has some 200 kB; many are read at once. */
const LARGEST_RECORD = 8 * 2 ** 20;

/** A day of trials as quickstart makes them, and what they weigh: more would not fit into the memory of every machine. */
export const MOST_TRIALS = 50_000;
const MOST_BYTES = 2 ** 30;

/** @throws MeshtaxError as readRunRecord, for every trial; MT4008 for more of them than can be read. */
export async function readRun(path: string, files: Files): Promise<StoredRun> {
  const run = await readRunRecord(path, files);
  const names = (await files.list(`${path}/trials`)).filter((entry) => entry.isDirectory).map((entry) => entry.name);
  const tooLarge = (problem: string) => new MeshtaxError('MT4008', { run: path, problem });
  if (names.length > MOST_TRIALS) throw tooLarge(`${names.length} trials, of at most ${MOST_TRIALS}`);
  let bytes = 0;
  const counted = (text: string) => {
    bytes += text.length;
    if (bytes > MOST_BYTES) throw tooLarge(`trials of more than ${MOST_BYTES} bytes`);
  };
  const read = await inBatches(names, (name) => readTrial(path, name, files, counted));
  const trials = read.flatMap((trial) => trial ?? []);
  await requireWhole(path, new Set(names.filter((_, index) => read[index] !== undefined)), files);
  return { run, trials, seal: await sealOf(path, files) };
}

/** What was sealed and is gone would be missing in every figure, and nobody would know. @throws MeshtaxError MT4003. */
async function requireWhole(path: string, there: ReadonlySet<string>, files: Files): Promise<void> {
  const sums = await orDamaged(path, files.readTextIfAny(`${path}/${CHECKSUMS}`));
  if (sums === undefined) return;
  const sealed = [...sums.matchAll(/^[0-9a-f]{64} [ *]trials\/([^/\n]+)\/trial\.json$/gm)].map(([, name]) => name as string);
  const gone = sealed.filter((name) => !there.has(name));
  if (gone.length > 0)
    throw new MeshtaxError('MT4003', {
      run: path,
      problem: `${gone.length} of its ${sealed.length} trials are missing, as trials/${gone[0]}`,
    });
}

/** SHA-256 of its list of checksums; undefined until it is sealed. */
export async function sealOf(path: string, files: Files): Promise<string | undefined> {
  if (!(await files.exists(`${path}/${CHECKSUMS}`))) return undefined;
  return orDamaged(path, sha256(files, `${path}/${CHECKSUMS}`));
}

/** Waiting for one file after the other would take longer than reading them. */
const READ_AT_ONCE = 64;

async function inBatches<Item, Result>(items: readonly Item[], read: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let i = 0; i < items.length; i += READ_AT_ONCE) results.push(...(await Promise.all(items.slice(i, i + READ_AT_ONCE).map(read))));
  return results;
}

/** Undefined for a directory without its trial.json: it was interrupted before the record was whole, and never counted. */
async function readTrial(path: string, name: string, files: Files, counted: (text: string) => void): Promise<TrialRecord | undefined> {
  const file = `trials/${name}/trial.json`;
  return (await files.exists(`${path}/${file}`)) ? parse(path, file, trialRecordSchema, files, counted) : undefined;
}

/** @throws MeshtaxError MT4003 naming the first file that is missing, changed or unknown to SHA256SUMS. */
export async function verifyChecksums(path: string, files: Files): Promise<number> {
  const damaged = (problem: string) => new MeshtaxError('MT4003', { run: path, problem });
  const text = await orDamaged(path, files.readTextIfAny(`${path}/${CHECKSUMS}`));
  if (text === undefined) throw damaged('it was never sealed: SHA256SUMS is missing');
  const expected = new Map(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  for (const name of await filesBelow(path, files)) {
    if (name === CHECKSUMS || name === 'analysis.json') continue;
    if (!expected.has(name)) throw damaged(`${name} was added`);
    if ((await orDamaged(path, sha256(files, `${path}/${name}`))) !== expected.get(name)) throw damaged(`${name} was changed`);
    expected.delete(name);
  }
  const [missing] = [...expected.keys()].filter((name) => name !== 'analysis.json');
  if (missing !== undefined) throw damaged(`${missing} is missing`);
  return text.split('\n').filter(Boolean).length;
}

/** A folder or a pipe where a file should be cannot be read. */
async function orDamaged<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw new MeshtaxError('MT4003', { run: path, problem: reasonOf(error) }, { cause: error });
  }
}

async function parse<T>(path: string, name: string, schema: z.ZodType<T>, files: Files, counted?: (text: string) => void): Promise<T> {
  let value: unknown;
  try {
    const text = await files.readText(`${path}/${name}`, LARGEST_RECORD);
    counted?.(text);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof MeshtaxError) throw error;
    throw new MeshtaxError('MT4003', { run: path, problem: `${name}: ${reasonOf(error)}` }, { cause: error });
  }
  const version = z.object({ schemaVersion: z.number() }).safeParse(value);
  if (version.success && version.data.schemaVersion > SCHEMA_VERSION) {
    throw new MeshtaxError('MT4004', { run: path, found: version.data.schemaVersion, known: SCHEMA_VERSION });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new MeshtaxError('MT4003', { run: path, problem: `${name}: ${issue?.path.join('.')}: ${issue?.message}` });
  }
  return parsed.data;
}
