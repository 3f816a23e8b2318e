/** For a pull request. Labels from files are data: nothing of theirs becomes markup. */
import { printable } from '../../model/printable.ts';
import type { Table } from '../../charts/chart.ts';
import type { Block, ReportDocument } from '../document.ts';

export function renderMarkdown(document: ReportDocument): string {
  const parts = [
    `# ${escape(document.title)}`,
    escape(document.subtitle),
    document.verdicts.map((verdict) => `- ${escape(verdict)}`).join('\n'),
  ];
  for (const block of document.blocks) parts.push(markdownOf(block));
  return `${printable(parts.filter((part) => part !== '').join('\n\n'))}\n`;
}

function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escape(block.text)}`;
    case 'paragraph':
      return escape(block.text);
    case 'list':
      return block.items.map((item) => `- ${escape(item)}`).join('\n');
    case 'callout':
      return `> **${block.level}**: ${escape(block.text)}`;
    case 'table':
      return tableMarkdown(block.table);
    case 'chart':
      return `**${escape(block.chart.title)}**. ${escape(block.chart.sentence)}`;
    case 'findings':
      return block.findings
        .map((finding) => `- ${finding.level} ${codeOf(finding.code)} ${escape(finding.title)}: ${escape(finding.detail)}`)
        .join('\n');
    case 'code':
      return fenced(block.text);
  }
}

function tableMarkdown(table: Table): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => escape(cell)).join(' | ')} |`;
  return [
    escape(table.caption),
    '',
    row(table.columns.map((column) => column.title)),
    `|${table.columns.map((column) => (column.align === 'right' ? ' ---: ' : ' --- ')).join('|')}|`,
    ...table.rows.map(row),
  ].join('\n');
}

/** Of ours; what a stranger's record calls a code is a text like any other. */
function codeOf(code: string): string {
  return /^\w+$/.test(code) ? `\`${code}\`` : escape(code);
}

/** A fence longer than any run of backticks inside. */
function fenced(text: string): string {
  const longest = text.matchAll(/`+/g).reduce((most, [run]) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}

/** What a text needs to be nothing but text. */
export function escape(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}
