/** `meshtax compare`: several runs of one experiment; refuses what is not comparable, and says why. */
import { analyse } from '../analysis/analyse.ts';
import { incomparable, type AnalysedRun } from '../analysis/compare-runs.ts';
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { compareDocument } from '../report/compare.ts';
import { renderMarkdown } from '../report/render/markdown.ts';
import { renderText } from '../report/render/text.ts';
import { readMeasured } from '../store/read.ts';
import { writeForUser, type App } from './app.ts';

export interface CompareOptions {
  readonly results: string;
  readonly format: 'text' | 'md' | 'html';
  readonly out?: string | undefined;
}

export async function compareCommand(app: App, wanted: readonly string[], { results, format, out }: CompareOptions): Promise<ExitCode> {
  const runs: AnalysedRun[] = [];
  for (const each of wanted) {
    const stored = await readMeasured(each, results, app.system.files);
    runs.push({ run: stored.run, analysis: analyse(stored) });
  }
  const problems = incomparable(runs);
  if (problems.length > 0) throw new MeshtaxError('MT1014', { problem: problems.join('; ').slice(0, 1500) });
  const document = compareDocument(runs);
  const text =
    format === 'html'
      ? await (await import('../report/render/html.ts')).renderHtml(document) // Vega takes half a second to load
      : format === 'md'
        ? renderMarkdown(document)
        : renderText(document);
  if (out === undefined) app.out(text);
  else {
    await writeForUser(app, out, text);
    app.err(`written: ${out}\n`);
  }
  return EXIT.ok;
}
