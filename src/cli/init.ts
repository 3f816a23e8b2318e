/** `meshtax init`: a commented experiment to start from. */
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { writeForUser, type App } from './app.ts';

export async function initCommand(app: App, file: string): Promise<ExitCode> {
  const { files, host } = app.system;
  if (await files.exists(file)) throw new MeshtaxError('MT1006', { file });
  const template = await files.readText(`${host.projectRoot}/workloads/experiments/commented.yaml`);
  await writeForUser(app, file, template.replace('../../schema/', `${host.projectRoot}/schema/`));
  app.out(`written: ${file}\nnext: ./meshtax plan ${file}\n`);
  return EXIT.ok;
}
