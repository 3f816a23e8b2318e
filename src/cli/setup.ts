/** `meshtax setup`: brings what the lab needs; says first what is missing. Node and packages came with ./meshtax. */
import { EXIT, type ExitCode } from '../model/errors.ts';
import type { App } from './app.ts';

export async function setupCommand(app: App, options: { check?: boolean | undefined; bench?: boolean | undefined }): Promise<ExitCode> {
  let complete = true;
  for (const cluster of app.families.clusters) {
    if (!cluster.setup) continue;
    if (options.bench === true && options.check !== true)
      await cluster.setup.provideBenchTools?.(app.system, (line) => app.err(`${line}\n`));
    const missing = await cluster.setup.missing(app.system);
    if (missing.length === 0) continue;
    app.err(`${cluster.title} needs:\n${missing.map((line) => `  ${line}\n`).join('')}`);
    if (options.check === true) complete = false;
    else await cluster.setup.provide(app.system, (line) => app.err(`${line}\n`));
  }
  app.err(complete ? 'set-up complete\n' : 'not complete: run ./meshtax setup\n');
  return complete ? EXIT.ok : EXIT.preflight;
}
