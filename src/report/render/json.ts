import type { Analysis } from '../../analysis/analyse.ts';
import type { ReportDocument } from '../document.ts';
import type { RunRecord } from '../../model/records.ts';

/** For programs: verdicts in words and every figure behind them. `reportVersion` changes when fields change meaning. */
export function renderJson(run: RunRecord, analysis: Analysis, document: ReportDocument): string {
  const { id, experiment, cluster, facts, arms, tool, seed, status } = run;
  const warnings = document.blocks.flatMap((block) => (block.kind === 'callout' && block.level === 'warning' ? [block.text] : []));
  return `${JSON.stringify({ reportVersion: 1, run: { id, experiment, cluster, facts, arms, tool, seed, status }, warnings, verdicts: document.verdicts, analysis }, null, 1)}\n`;
}
