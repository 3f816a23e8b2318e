/** One self-contained page: no script, no request outside, real tables behind every chart, dark and print styles. */
import type { DrawnChart, Table } from '../../charts/chart.ts';
import type { Finding } from '../../model/findings.ts';
import type { Block, ReportDocument } from '../document.ts';
import { STYLE } from './style.ts';
import type { IndexTable, Linked } from '../site.ts';
import { liveCharts, type Drawing, type LiveCharts } from './interactive.ts';
import { renderSvg } from './svg.ts';

export interface Page {
  /** Charts that answer to the pointer; without it there is no script at all, and each is a picture. */
  readonly draw?: Drawing;
  readonly back?: Linked;
}

export async function renderHtml(document: ReportDocument, { draw, back }: Page = {}): Promise<string> {
  const blocks: string[] = [];
  const live = new Map<string, DrawnChart>();
  for (const [index, block] of document.blocks.entries()) {
    const name = `b${index}`;
    if (draw && block.kind === 'chart') live.set(name, block.chart);
    blocks.push(await htmlOf(block, name, draw !== undefined));
  }
  const drawn = draw && (await liveCharts(live, draw));
  const header = `<h1>${escape(document.title)}</h1>
<p class="subtitle">${escape(document.subtitle)}</p>
<ul class="verdicts">
${document.verdicts.map((verdict) => `<li>${escape(verdict)}</li>`).join('\n')}
</ul>`;
  const navigation = back ? `<nav><a href="${escape(back.href)}">${escape(back.text)}</a></nav>\n` : '';
  return page(document.title, `${navigation}<header>\n${header}\n</header>\n${blocks.join('\n')}`, drawn);
}

/** The index of a site. */
export function renderIndex(title: string, tables: readonly IndexTable[]): string {
  return page(`meshtax: ${title}`, `<header><h1>${escape(title)}</h1></header>\n${tables.map(tableHtml).join('\n')}`, undefined);
}

function page(title: string, body: string, drawn: LiveCharts | undefined): string {
  const policy = ["default-src 'none'", "style-src 'unsafe-inline'", 'img-src data:', ...(drawn ? [drawn.policy] : [])].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
${drawn?.html ?? ''}</body>
</html>
`;
}

/** `name`: of the block, for references inside the page. */
async function htmlOf(block: Block, name: string, isLive: boolean): Promise<string> {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escape(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${escape(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${escape(item)}</li>`).join('\n')}\n</ul>`;
    case 'callout':
      return `<p class="callout ${block.level}" role="note"><strong>${block.level === 'warning' ? 'Warning' : 'Note'}:</strong> ${escape(block.text)}</p>`;
    case 'table':
      return tableHtml(block.table);
    case 'chart':
      return chartHtml(block.chart, name, isLive);
    case 'findings':
      return `<ul class="findings">\n${block.findings.map(findingHtml).join('\n')}\n</ul>`;
    case 'code':
      return `<pre tabindex="0"><code>${escape(block.text)}</code></pre>`;
  }
}

async function chartHtml(chart: DrawnChart, name: string, isLive: boolean): Promise<string> {
  const picture = isLive
    ? `<div id="${name}" role="img" aria-label="${escape(`${chart.title}. ${chart.sentence}`)}"></div>`
    : labelled(await renderSvg(chart.spec, name), chart, name);
  return `<figure>
<figcaption><strong>${escape(chart.title)}</strong></figcaption>
<div class="chart" tabindex="0">${picture}</div>
<details><summary>The same in words and figures</summary>
<p>${escape(chart.sentence)}</p>
${tableHtml(chart.table)}
</details>
</figure>`;
}

/** Vega gives its SVG neither a role nor a name; a reader that cannot see it gets both. */
function labelled(svg: string, chart: DrawnChart, id: string): string {
  const names = `<title id="${id}-title">${escape(chart.title)}</title><desc id="${id}-desc">${escape(chart.sentence)}</desc>`;
  // By functions: in a text that replaces, `$` means something.
  return svg.replace('<svg ', () => `<svg role="img" aria-labelledby="${id}-title ${id}-desc" `).replace('>', () => `>${names}`);
}

function tableHtml(table: Table | IndexTable): string {
  const cell = (tag: 'td' | 'th', content: string | Linked, index: number) => {
    const text = typeof content === 'string' ? escape(content) : `<a href="${escape(content.href)}">${escape(content.text)}</a>`;
    const align = table.columns[index]?.align === 'right' ? ' class="n"' : '';
    if (tag === 'th') return `<th scope="col"${align}>${text}</th>`;
    return index === 0 ? `<th scope="row"${align}>${text}</th>` : `<td${align}>${text}</td>`;
  };
  return `<div class="table" tabindex="0"><table>
<caption>${escape(table.caption)}</caption>
<thead><tr>${table.columns.map((column, index) => cell('th', column.title, index)).join('')}</tr></thead>
<tbody>
${table.rows.map((row) => `<tr>${row.map((text, index) => cell('td', text, index)).join('')}</tr>`).join('\n')}
</tbody>
</table></div>`;
}

function findingHtml(finding: Finding): string {
  const why = finding.why === '' ? '' : ` ${escape(finding.why)}.`;
  return `<li class="${finding.level}"><code>${escape(finding.code)}</code> ${escape(finding.title)}: ${escape(finding.detail)}.${why}</li>`;
}

export function escape(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}
