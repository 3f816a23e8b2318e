/** `meshtax import`: result files of other load generators, judged by what they can carry. */
import { importers } from '../importers/index.ts';
import { EXIT, MeshtaxError, reasonOf, type ExitCode } from '../model/errors.ts';
import { seededRandom } from '../model/random.ts';
import { importedDocument, type ImportedFile } from '../report/imported.ts';
import { renderText } from '../report/render/text.ts';
import type { App } from './app.ts';

/** A log of an hour at full speed; more is no result file. */
const MAX_BYTES = 512 * 1024 * 1024;

export interface ImportOptions {
  readonly against?: readonly string[] | undefined;
  readonly json?: boolean | undefined;
}

export async function importCommand(app: App, names: readonly string[], { against = [], json }: ImportOptions): Promise<ExitCode> {
  const read = async (all: readonly string[]) => {
    const files: ImportedFile[] = [];
    for (const name of all) files.push({ name, found: await readFile(app, name) });
    return files;
  };
  const groups = { files: await read(names), against: await read(against) };
  if (json === true) app.out(`${JSON.stringify(groups, null, 1)}\n`);
  else app.out(renderText(importedDocument(groups, seededRandom('import'))));
  return EXIT.ok;
}

/** @throws MeshtaxError MT1002 for what cannot be read, MT1013 for what no importer knows. */
async function readFile(app: App, file: string) {
  let text: string;
  try {
    const bytes = await app.system.files.readBytes(file);
    if (bytes.length > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    text = new TextDecoder('utf-8').decode(bytes);
  } catch (error) {
    throw new MeshtaxError('MT1002', { file, reason: reasonOf(error) });
  }
  const importer = importers.find((each) => each.recognises(text));
  if (!importer) throw new MeshtaxError('MT1013', { file, problem: `it is none of ${importers.map(({ title }) => title).join(', ')}` });
  try {
    return importer.parse(text);
  } catch (error) {
    throw new MeshtaxError('MT1013', {
      file,
      problem: `as ${importer.title}: ${reasonOf(error).split('\n').slice(0, 3).join(' ').slice(0, 200)}`,
    });
  }
}
