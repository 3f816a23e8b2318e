/** For a terminal: verdicts and the main tables, aligned; plain ASCII but for the plus-minus sign. */
import type { Table } from '../../charts/chart.ts';
import { printable } from '../../model/printable.ts';
import type { Block, ReportDocument } from '../document.ts';

export function renderText(document: ReportDocument): string {
  const lines = [document.title, document.subtitle, '', ...document.verdicts.map((verdict) => `* ${verdict}`), ''];
  for (const block of document.blocks) lines.push(...textOf(block));
  return `${printable(lines.join('\n'))
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

function textOf(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return ['', block.text, '-'.repeat(block.text.length)];
    case 'paragraph':
      return [block.text, ''];
    case 'list':
      return [...block.items.map((item) => `- ${item}`), ''];
    case 'callout':
      return [`${block.level === 'warning' ? '!' : 'i'} ${block.text}`, ''];
    case 'table':
      return [...tableText(block.table), ''];
    case 'chart':
      return [];
    case 'findings':
      return [...block.findings.map((finding) => `${finding.level} ${finding.code} ${finding.title}: ${finding.detail}`), ''];
    case 'code':
      return [
        ...block.text
          .trimEnd()
          .split('\n')
          .map((line) => `    ${line}`),
        '',
      ];
  }
}

export function tableText(table: Table): string[] {
  const widths = table.columns.map(({ title }, index) =>
    table.rows.reduce((widest, row) => Math.max(widest, row[index]?.length ?? 0), title.length),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => (table.columns[index]?.align === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd();
  return [table.caption, line(table.columns.map((column) => column.title)), ...table.rows.map(line)];
}
