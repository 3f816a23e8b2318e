/** `meshtax setup`: brings what the lab needs; says first what is missing. Node and packages came with ./meshtax. */
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import type { App } from './app.ts';

interface SetupOptions {
  readonly check?: boolean | undefined;
  readonly bench?: boolean | undefined;
  readonly tests?: boolean | undefined;
  readonly envoy?: readonly string[] | undefined;
}

export async function setupCommand(app: App, options: SetupOptions): Promise<ExitCode> {
  const asked = [options.bench === true ? '--bench' : '', options.envoy ? '--envoy' : ''].find((name) => name !== '');
  if (options.check === true && asked !== undefined)
    throw new MeshtaxError('MT1005', {
      subject: asked,
      problem: '--check looks for what every run needs, and brings nothing',
      command: 'setup',
    });
  let complete = true;
  for (const cluster of app.families.clusters) {
    if (!cluster.setup) continue;
    const say = (line: string) => app.err(`${line}\n`);
    if (options.check !== true) {
      if (options.bench === true) await cluster.setup.provideTools?.(app.system, say, 'bench');
      if (options.tests === true) await cluster.setup.provideTools?.(app.system, say, 'test');
      for (const version of options.envoy ?? []) await cluster.setup.provideVersion?.(app.system, say, version);
    }
    const missing = await cluster.setup.missing(app.system);
    if (missing.length === 0) continue;
    app.err(`${cluster.title} needs:\n${missing.map((line) => `  ${line}\n`).join('')}`);
    if (options.check === true) complete = false;
    else await cluster.setup.provide(app.system, say);
  }
  app.err(complete ? 'set-up complete\n' : 'not complete: run ./meshtax setup\n');
  return complete ? EXIT.ok : EXIT.preflight;
}
