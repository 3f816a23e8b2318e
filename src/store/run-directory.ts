/**
 * Writing a run: `results/<experiment>/<UTC>-<id>/`. Measurements are written before they are interpreted, each file
 * whole or not at all, and nothing is overwritten but run.json, which carries the run's state until it is sealed.
 */
import { createHash } from 'node:crypto';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import { UNFINISHED, type Files } from '../model/ports.ts';
import type { RunRecord, TrialRecord } from '../model/records.ts';

export const CHECKSUMS = 'SHA256SUMS';
const JOURNAL = 'journal.jsonl';

/** `20261121T093000Z`: sorts as text. */
export function utcStamp(time: Date): string {
  return time.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
}

export class RunDirectory {
  readonly path: string;
  readonly #files: Files;

  private constructor(path: string, files: Files) {
    this.path = path;
    this.#files = files;
  }

  /** @throws MeshtaxError MT4002 when it cannot be written. */
  static async create(results: string, experiment: string, runId: string, files: Files): Promise<RunDirectory> {
    return RunDirectory.open(`${results}/${experiment}/${runId}`, files);
  }

  /**
   * For a run that goes on, which may have come from somebody else: what a killed process left half written goes, and a line that was
   * cut short ends.
   */
  static async reopen(path: string, files: Files): Promise<RunDirectory> {
    await new RunDirectory(path, files).#guard(() => refuseLinks(path, files));
    const directory = await RunDirectory.open(path, files);
    await directory.#guard(async () => {
      const unfinished = (await everyFileBelow(path, files)).filter((name) => UNFINISHED.test(name));
      for (const name of unfinished) await files.remove(`${path}/${name}`);
      const journal = await files.readTextIfAny(`${path}/${JOURNAL}`);
      if (journal !== undefined && !/(?:^|\n)$/.test(journal)) await files.appendDurably(`${path}/${JOURNAL}`, '\n');
    });
    return directory;
  }

  static async open(path: string, files: Files): Promise<RunDirectory> {
    const directory = new RunDirectory(path, files);
    await directory.#guard(async () => {
      await files.makeDirectory(`${path}/trials`);
      await files.makeDirectory(directory.logs);
    });
    return directory;
  }

  get logs(): string {
    return `${this.path}/logs`;
  }

  async writeRun(record: RunRecord): Promise<void> {
    await this.#guard(() => this.#files.writeAtomically(`${this.path}/run.json`, json(record)));
  }

  async writeOnce(name: string, content: string): Promise<void> {
    await this.#guard(() => this.#files.writeAtomically(`${this.path}/${name}`, content));
  }

  /** The trial first, then the line that says it is there. */
  async writeTrial(trial: TrialRecord): Promise<void> {
    await this.#guard(async () => {
      // Made anew, the rest of a run would look whole, and what was measured before would be missing.
      if (!(await this.#files.exists(`${this.path}/trials`))) throw new Error(`${this.path} was removed while it was written`);
      const directory = `${this.path}/trials/${trial.id}`;
      await this.#files.makeDirectory(directory);
      await this.#files.writeAtomically(`${directory}/trial.json`, json(trial));
    });
    await this.journal({ event: 'trial', id: trial.id, valid: trial.valid });
  }

  async journal(entry: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#guard(() => this.#files.appendDurably(`${this.path}/${JOURNAL}`, `${JSON.stringify(entry)}\n`));
  }

  /** Of a run in which nothing went wrong nobody reads the logs, and they name paths of this machine. */
  async dropLogs(): Promise<void> {
    await this.#guard(() => this.#files.remove(this.logs));
  }

  /** Checksums of everything; after this the run is finished. */
  async seal(record: RunRecord): Promise<void> {
    await this.journal({ event: 'sealed' });
    await this.writeRun({ ...record, sealed: true });
    await this.#guard(async () => {
      const lines = [];
      for (const name of await filesBelow(this.path, this.#files)) {
        if (name !== CHECKSUMS) lines.push(`${await sha256(this.#files, `${this.path}/${name}`)}  ${name}\n`);
      }
      await this.#files.writeAtomically(`${this.path}/${CHECKSUMS}`, lines.join(''));
    });
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new MeshtaxError('MT4002', { problem: reasonOf(error) }, { cause: error });
    }
  }
}

export async function sha256(files: Files, path: string): Promise<string> {
  return createHash('sha256')
    .update(await files.readBytes(path))
    .digest('hex');
}

/** Names relative to the directory, sorted; without what a killed process left half written, which nobody reads. */
export async function filesBelow(directory: string, files: Files): Promise<string[]> {
  return (await everyFileBelow(directory, files)).filter((name) => !UNFINISHED.test(name));
}

/** @throws Error for a link below: what is written there would be written somewhere else, perhaps by root. */
async function refuseLinks(directory: string, files: Files): Promise<void> {
  for (const { name, isDirectory, isLink } of await files.list(directory)) {
    if (isLink) throw new Error(`${directory}/${name} is a link`);
    if (isDirectory) await refuseLinks(`${directory}/${name}`, files);
  }
}

async function everyFileBelow(directory: string, files: Files, prefix = ''): Promise<string[]> {
  const found: string[][] = [];
  for (const entry of await files.list(`${directory}/${prefix}`)) {
    const name = `${prefix}${entry.name}`;
    found.push(entry.isDirectory ? await everyFileBelow(directory, files, `${name}/`) : [name]);
  }
  return found.flat();
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
