/** `meshtax lint`: values, policies, commands and queries against what a version of Cilium or Istio has. */
import { z } from 'zod';
import { lintText, type Linted } from '../lint/lint.ts';
import type { LintFacts } from '../lint/document.ts';
import { EXIT, formatPlace, MeshtaxError, reasonOf, type ExitCode } from '../model/errors.ts';
import type { App } from './app.ts';

const changesSchema = z.object({
  keys: z.array(
    z.object({ chart: z.string(), key: z.string(), gone: z.string().optional(), never: z.boolean().optional(), instead: z.string() }),
  ),
});
const namesSchema = z.object({
  hubbleObserveFlags: z.array(z.string()),
  hubbleProtocols: z.array(z.string()),
  hubbleTypes: z.array(z.string()),
  metrics: z.record(z.string(), z.array(z.string())),
  contextLabels: z.array(z.string()),
  scrapeLabels: z.array(z.string()),
});

export interface LintOptions {
  readonly cilium: string;
  readonly istio: string;
  readonly chart?: string | undefined;
  readonly json?: boolean | undefined;
}

export async function lintCommand(app: App, files: readonly string[], options: LintOptions): Promise<ExitCode> {
  const facts = await readFacts(app, options);
  const { chart } = options;
  if (chart !== undefined && !facts.keys.has(chart))
    throw new MeshtaxError('MT1005', {
      subject: `--chart ${chart}`,
      problem: `it is one of ${[...facts.keys.keys()].join(', ')}`,
      command: 'lint',
    });
  const findings: Linted[] = [];
  for (const file of files) findings.push(...lintText(file, await read(app, file), facts, chart));
  if (options.json === true) app.out(`${JSON.stringify({ cilium: options.cilium, istio: options.istio, findings }, null, 1)}\n`);
  else {
    for (const { place, level, rule, what, fix } of findings) app.out(`${formatPlace(place)}${level} ${rule}: ${what}\n  fix: ${fix}\n`);
    const errors = findings.filter(({ level }) => level === 'error').length;
    app.out(
      `${files.length} file${files.length === 1 ? '' : 's'}, ${errors} errors, ${findings.length - errors} warnings (Cilium ${options.cilium}, Istio ${options.istio})\n`,
    );
  }
  return findings.some(({ level }) => level === 'error') ? EXIT.usage : EXIT.ok;
}

/** What the project knows of these versions. @throws MeshtaxError MT1005 when it knows nothing of them. */
export async function readFacts(
  { system }: Pick<App, 'system'>,
  { cilium, istio }: Pick<LintOptions, 'cilium' | 'istio'>,
): Promise<LintFacts> {
  const { files, host } = system;
  const folder = `${host.projectRoot}/clusters/kubernetes/facts`;
  const keys = new Map<string, ReadonlyMap<string, string>>();
  const known = (await files.list(folder)).map(({ name }) => /^([a-z-]+)-(\d.*)\.keys$/.exec(name)).filter((match) => match !== null);
  for (const [name, chart = '', version = ''] of known)
    if (version === (chart === 'cilium' ? cilium : istio)) keys.set(chart, keysOf(await files.readText(`${folder}/${name}`)));
  for (const [project, version, chart] of [
    ['Cilium', cilium, 'cilium'],
    ['Istio', istio, 'istiod'],
  ] as const) {
    if (keys.has(chart)) continue;
    const versions = known
      .filter(([, own]) => own === chart)
      .map(([, , own]) => own)
      .join(', ');
    throw new MeshtaxError('MT1005', {
      subject: `--${project.toLowerCase()} ${version}`,
      problem: `known versions are ${versions}`,
      command: 'lint',
    });
  }
  const { keys: changes } = changesSchema.parse(JSON.parse(await files.readText(`${folder}/changes.json`)));
  return { cilium, istio, keys, changes, names: namesSchema.parse(JSON.parse(await files.readText(`${folder}/names.json`))) };
}

function keysOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' ') as [string, string]),
  );
}

async function read(app: App, file: string): Promise<string> {
  try {
    return await app.system.files.readText(file);
  } catch (error) {
    throw new MeshtaxError('MT1002', { file, reason: reasonOf(error) });
  }
}
