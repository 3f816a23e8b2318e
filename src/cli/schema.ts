/** `meshtax schema`: JSON Schema (draft 7, what editors read) of the experiment file. */
import { z } from 'zod';
import { EXIT, type ExitCode } from '../model/errors.ts';
import { experimentSchema } from '../model/experiment.ts';
import { writeForUser, type App } from './app.ts';
import { catalogueOf } from './experiment-file.ts';

export function experimentJsonSchema(app: Pick<App, 'families'>): string {
  const schema = z.toJSONSchema(experimentSchema(catalogueOf(app.families)), { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return `${JSON.stringify({ title: 'meshtax experiment', ...schema }, null, 2)}\n`;
}

export async function schemaCommand(app: App, options: { out?: string | undefined }): Promise<ExitCode> {
  const text = experimentJsonSchema(app);
  if (options.out === undefined) app.out(text);
  else await writeForUser(app, options.out, text);
  return EXIT.ok;
}
