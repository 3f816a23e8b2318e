/** `meshtax setup`: brings what the lab needs; says first what is missing. Node and packages came with ./meshtax. */
import { EXIT, type ExitCode } from '../model/errors.ts';
import type { App } from './app.ts';

interface SetupOptions {
  readonly check?: boolean | undefined;
  readonly bench?: boolean | undefined;
  readonly envoy?: readonly string[] | undefined;
}

export async function setupCommand(app: App, options: SetupOptions): Promise<ExitCode> {
  let complete = true;
  for (const cluster of app.families.clusters) {
    if (!cluster.setup) continue;
    if (options.bench === true && options.check !== true)
      await cluster.setup.provideBenchTools?.(app.system, (line) => app.err(`${line}\n`));
    if (options.check !== true)
      for (const version of options.envoy ?? []) await cluster.setup.provideVersion?.(app.system, (line) => app.err(`${line}\n`), version);
    const missing = await cluster.setup.missing(app.system);
    if (missing.length === 0) continue;
    app.err(`${cluster.title} needs:\n${missing.map((line) => `  ${line}\n`).join('')}`);
    if (options.check === true) complete = false;
    else await cluster.setup.provide(app.system, (line) => app.err(`${line}\n`));
  }
  app.err(complete ? 'set-up complete\n' : 'not complete: run ./meshtax setup\n');
  return complete ? EXIT.ok : EXIT.preflight;
}
