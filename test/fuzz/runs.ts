/** Run directories from strangers: records changed at random, and everything that is made of them. */
import { analyse } from '../../src/analysis/analyse.ts';
import { exporters } from '../../src/exporters/index.ts';
import { MeshtaxError } from '../../src/model/errors.ts';
import { buildReport } from '../../src/report/build.ts';
import { renderMarkdown } from '../../src/report/render/markdown.ts';
import { renderHtml } from '../../src/report/render/html.ts';
import { renderJson } from '../../src/report/render/json.ts';
import { renderText } from '../../src/report/render/text.ts';
import { findRun, listRuns, readRun, verifyChecksums } from '../../src/store/read.ts';
import { MemoryFiles } from '../fakes.ts';
import { runOf, trialOf } from '../records.ts';
import { mutateJson } from './mutate.ts';
import { must, type Target } from './target.ts';

const { run, trials } = runOf(
  [0, 1, 2, 3, 4].flatMap((block) =>
    ['direct', 'envoy'].map((arm, position) =>
      trialOf({ block, position, arm, latenciesNs: Array.from({ length: 40 }, (_, i) => 1e5 * (1 + position) + i * 997 + block * 31) }),
    ),
  ),
);

/** `results/x/<run>/`, as it comes from elsewhere. */
interface Strange {
  readonly run: unknown;
  readonly trials: unknown;
}

async function outcomesOf({ run: record, trials: records }: Strange): Promise<void> {
  const path = 'results/x/run';
  const files = new MemoryFiles({ [`${path}/run.json`]: JSON.stringify(record) });
  const list = Array.isArray(records) ? records : [records];
  for (const [index, trial] of list.entries()) files.content.set(`${path}/trials/${index}/trial.json`, JSON.stringify(trial));
  await listRuns('results', files);
  await findRun('latest', 'results', files);
  await verifyChecksums(path, files).catch(onlyCoded);
  const stored = await readRun(path, files);
  const analysis = analyse(stored, { thorough: false });
  const document = buildReport(stored, analysis);
  checkText(renderText(document));
  checkMarkdown(renderMarkdown(document));
  JSON.parse(renderJson(stored.run, analysis, document));
  for (const exporter of exporters) checkExport(exporter.id, exporter.render(stored, analysis));
}

function onlyCoded(error: unknown): void {
  if (!(error instanceof MeshtaxError)) throw error;
}

function checkText(text: string): void {
  // oxlint-disable-next-line no-control-regex
  must(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\r(?!\n)/.test(text), 'a control character reaches the terminal');
}

function checkMarkdown(text: string): void {
  checkText(text);
  const prose = text.replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  must(!/(?<!\\)<(?:script|img)/i.test(prose), 'markup reaches the Markdown');
}

function checkExport(id: string, text: string): void {
  if (id !== 'csv') return;
  for (const cell of text.split(/[,\r\n]+/)) must(!/^"?[=@\t]|^"?[+-](?!\d)/.test(cell), `a formula reaches the CSV: ${cell.slice(0, 40)}`);
}

export const strangeRuns: Target<Strange> = {
  id: 'run directory',
  seeds: [{ run, trials }],
  mutate: ({ run: record, trials: records }, random) =>
    random.below(2) === 0 ? { run: mutateJson(record, random), trials: records } : { run: record, trials: mutateJson(records, random) },
  try: (strange) => outcomesOf(strange).catch(onlyCoded),
};

/** The page takes a hundred times as long as everything else. */
export const strangePages: Target<Strange> = {
  ...strangeRuns,
  id: 'page of a run directory',
  try: async ({ run: record, trials: records }) => {
    const files = new MemoryFiles({ 'r/run.json': JSON.stringify(record) });
    const list = Array.isArray(records) ? records : [records];
    for (const [index, trial] of list.entries()) files.content.set(`r/trials/${index}/trial.json`, JSON.stringify(trial));
    try {
      const stored = await readRun('r', files);
      const html = await renderHtml(buildReport(stored, analyse(stored, { thorough: false })));
      must(!/<script|<img|<iframe/i.test(html), 'markup reaches the page');
      must(!/\son\w+=/i.test(html.replaceAll(/&[^;]+;|>[^<]*</g, '')), 'a handler reaches the page');
      must(!/(?:src|href)="(?!#|data:)/.test(html), 'the page asks for something outside');
    } catch (error) {
      onlyCoded(error);
    }
  },
};
