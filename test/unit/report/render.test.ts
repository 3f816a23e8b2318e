import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.ts';
import { buildReport } from '../../../src/report/build.ts';
import { renderHtml } from '../../../src/report/render/html.ts';
import { renderJson } from '../../../src/report/render/json.ts';
import { renderMarkdown } from '../../../src/report/render/markdown.ts';
import { renderText } from '../../../src/report/render/text.ts';
import { runOf, trialOf } from '../../records.ts';

const hostile = '<script>alert(1)</script>|`x`\n# [a](b) & "q"';
const stored = runOf(
  [0, 1, 2, 3].flatMap((block) => [
    trialOf({ block, arm: 'direct', latenciesNs: Array.from({ length: 1200 }, (_, i) => 1e5 + i * 50 + block) }),
    trialOf({ block, arm: 'envoy', latenciesNs: Array.from({ length: 1200 }, (_, i) => 6e5 + i * 50 + block) }),
  ]),
  { question: hostile, specText: hostile, facts: { [hostile]: hostile } },
);
const analysis = analyse(stored);
const document = buildReport(stored, analysis);

describe('report', () => {
  test('answers first, in words, with the interval', () => {
    expect(document.verdicts[0]).toMatch(
      /^envoy against direct, http-echo: slower: p50 \+500 us \[\+\d+, \+\d+\] \(4\.\d+x \[4\.\d+, 4\.\d+\]\), p99 \+/,
    );
  });

  test('HTML: labels are data, nothing is fetched, no script runs, charts have a name and a table', async () => {
    const html = await renderHtml(document);
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(1)');
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:)/);
    const charts = document.blocks.filter(({ kind }) => kind === 'chart').length;
    expect(charts).toBeGreaterThan(4);
    expect(html.match(/<svg role="img" aria-labelledby=/g)).toHaveLength(charts);
    expect(html.match(/<details>/g)).toHaveLength(charts);
    expect(html).toContain('<th scope="row">envoy</th>');
    expect(await renderHtml(document)).toBe(html);
  });

  test('Markdown: labels make no markup', () => {
    const fences = /^(`{3,})\n[\s\S]*?^\1$/gm; // code is verbatim inside a fence longer than any of its own
    const markdown = renderMarkdown(document).replaceAll(fences, '');
    expect(markdown).not.toMatch(/^# \[a\]/m);
    expect(markdown).not.toMatch(/[^\\]<script/);
    const rows = markdown.split('\n').filter((line) => line.startsWith('| envoy'));
    expect(rows.length).toBeGreaterThanOrEqual(3);
  });

  test('names that mean something to a replacement, and codes that are none, are text', async () => {
    const workload = '$` onload=alert(1) x="';
    const code = 'x` <img src=y> ![a](b)';
    const finding = { code, level: 'warning' as const, title: 't', detail: 'd', why: '', fix: '' };
    const trials = stored.trials.map((trial, at) => ({ ...trial, workload, ...(at === 0 ? { findings: [finding] } : {}) }));
    const strange = buildReport(runOf(trials), analyse(runOf(trials)));
    const html = await renderHtml(strange);
    const charts = strange.blocks.filter(({ kind }) => kind === 'chart').length;
    expect(html.match(/<title id="[^"]*">[^<]*<\/title><desc id="[^"]*">[^<]*<\/desc>/g)).toHaveLength(charts);
    expect(renderMarkdown(strange)).toContain('img src=y');
    expect(renderMarkdown(strange)).not.toMatch(/[^\\](<img|\[a\])/);
  });

  test('text and JSON say the same', () => {
    expect(renderText(document)).toContain('envoy');
    const json = JSON.parse(renderJson(stored.run, analysis, document)) as { reportVersion: number; verdicts: string[] };
    expect(json.reportVersion).toBe(1);
    expect(json.verdicts).toEqual(document.verdicts);
  });

  test('pairs that are too few for an interval are said to be, and fill no table', () => {
    const run = { ...stored.run, stop: 'when-resolved' as const };
    const few = buildReport({ run }, analyse({ run, trials: stored.trials }));
    expect(few.verdicts[0]).toMatch(/not given: p50 \(4 pairs of blocks, too few for an interval\)/);
    const captions = few.blocks.flatMap((block) => (block.kind === 'table' ? [block.table.caption] : []));
    expect(captions.filter((caption) => caption.includes('difference to'))).toEqual([]);
  });

  test('says what is incomplete or invalid', () => {
    const trials = stored.trials.map((trial, index) =>
      index === 0
        ? {
            ...trial,
            valid: false,
            findings: [
              { code: 'MT0301', level: 'error' as const, title: 'requested rate achieved', detail: '400/s of 500/s', why: '', fix: '' },
            ],
          }
        : trial,
    );
    const broken = runOf(trials, { status: 'interrupted', failure: 'interrupted', gaps: [{ afterBlock: 1, at: 'then' }] });
    const text = renderText(buildReport(broken, analyse(broken)));
    expect(text).toContain('This run is interrupted');
    expect(text).toContain('1 of 8 trials are invalid');
    expect(text).toContain('400/s of 500/s');
    expect(text).toContain('continued at then, after block 1');
  });
});
