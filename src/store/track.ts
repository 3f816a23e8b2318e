/** A series over versions on disk: one record in the folder of its runs. */
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { Files } from '../model/ports.ts';
import { trackRecordSchema, type TrackRecord } from '../model/track.ts';

const FILE = 'series.json';

export async function writeTrack(folder: string, record: TrackRecord, files: Files): Promise<void> {
  await files.makeDirectory(folder);
  await files.writeAtomically(`${folder}/${FILE}`, `${JSON.stringify(record, null, 1)}\n`);
}

/** Undefined when there is none. @throws MeshtaxError MT4003 when it cannot be read. */
export async function readTrack(folder: string, files: Files): Promise<TrackRecord | undefined> {
  try {
    const text = await files.readTextIfAny(`${folder}/${FILE}`);
    if (text === undefined) return undefined;
    return trackRecordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new MeshtaxError('MT4003', { run: folder, problem: `${FILE}: ${reasonOf(error).split('\n')[0] ?? ''}` });
  }
}
