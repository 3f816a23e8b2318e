/** The tables behind the verdicts: before masking, the ladder and whether it adds up, cross-checks. */
import type { Analysis, Cell, CellMetric, ComparisonAnalysis } from '../analysis/analyse.ts';
import { COMPONENTS, PRIMARY } from '../analysis/metrics.ts';
import type { VarianceSplit } from '../analysis/statistics/variance-split.ts';
import type { Table } from '../charts/chart.ts';
import { formatDifference, formatEstimate, formatValue } from '../model/format.ts';

/** Undefined where nothing was masked. */
export function maskingTable(comparison: ComparisonAnalysis): Table | undefined {
  if (!comparison.masking.used) return undefined;
  const rows = comparison.cells.flatMap((cell) =>
    cell.metrics.flatMap((metric): string[][] => {
      const { raw, value, versus } = metric;
      if (!raw?.value || !value) return [];
      const { unit, title } = metric.metric;
      const difference = (interval: typeof raw.difference) => (interval ? formatDifference(unit, interval) : '');
      return [
        [
          cell.arm,
          title,
          formatEstimate(unit, value),
          formatEstimate(unit, raw.value),
          difference(versus?.difference),
          difference(raw.difference),
        ],
      ];
    }),
  );
  return {
    caption: `${comparison.workload}, ${comparison.load}: latency with and without requests that became due around a stall of the host`,
    columns: columns(['datapath', 'figure'], ['masked', 'raw', 'difference, masked', 'difference, raw']),
    rows,
  };
}

/** Whether the machine's CPU was seen by an idle soaker; its own counter is the cross-check then. */
export function isSoaked({ cells }: ComparisonAnalysis): boolean {
  return cells.some((cell) => cell.metrics.some(({ metric }) => metric.id === 'cpu.machine-stat'));
}

/** Undefined without a ladder. */
export function ladderTable(comparison: ComparisonAnalysis): Table | undefined {
  if (comparison.cells.every((cell) => Object.keys(cell.idle).length === 0)) return undefined;
  const cost = (cell: Cell, component: string) => cell.metrics.find(({ metric }) => metric.id === `cpu.${component}`)?.value;
  const used = COMPONENTS.filter((component) => comparison.cells.some((cell) => cost(cell, component)));
  const soaked = isSoaked(comparison);
  return {
    caption: `${comparison.workload}, ${comparison.load}: CPU per 1000 requests (slope of the ladder) and at rest (intercept)`,
    columns: columns(
      ['datapath'],
      [...used, 'charged to nobody', ...(soaked ? ['machine (soaker)', 'machine (/proc/stat)'] : ['machine']), 'machine at rest'],
    ),
    rows: comparison.cells.map((cell) => {
      const machine = cost(cell, 'machine');
      const charged = used.reduce((sum, component) => sum + (cost(cell, component)?.estimate ?? 0), 0);
      const idle = cell.idle['machine'];
      return [
        cell.arm,
        ...used.map((component) => formatted(cost(cell, component))),
        machine ? formatValue('nsPer1000', machine.estimate - charged) : '',
        formatted(machine),
        ...(soaked ? [formatted(cost(cell, 'machine-stat'))] : []),
        idle ? `${formatValue('nsPer1000', idle.estimate)} per s` : '',
      ];
    }),
  };
}

function formatted(value: CellMetric['value']): string {
  return value ? formatEstimate('nsPer1000', value) : '';
}

/** Assumption-free companions of each headline verdict, and what the blocks could have seen. */
export function crossCheckTable(comparison: ComparisonAnalysis, { confidence }: Analysis): Table | undefined {
  const rows = comparison.cells.flatMap((cell) =>
    cell.metrics.flatMap((metric): string[][] => {
      const { versus } = metric;
      if (!versus?.robust || !PRIMARY.some((id) => id === metric.metric.id)) return [];
      const { robust, variance } = versus;
      return [
        [
          cell.arm,
          metric.metric.title,
          versus.ratio
            ? `${signed(versus.ratio.estimate - 1)} [${signed(versus.ratio.low - 1)}, ${signed(versus.ratio.high - 1)}]`
            : 'no ratio',
          versus.ratio ? signed(robust.location - 1) : '',
          robust.cliffsDelta.toFixed(2),
          robust.signFlipP === undefined ? 'too few blocks' : robust.signFlipP.toFixed(4),
          `${versus.difference.n}${versus.merged > 1 ? `, merged by ${versus.merged}` : ''}, correlation ${versus.correlation.toFixed(2)}`,
          variance === undefined || !versus.ratio ? `${versus.deployments}` : `${versus.deployments}, ${spreads(variance)}`,
          versus.detectable === undefined ? '' : percent(versus.detectable),
          versus.survivesGrid ? 'yes' : 'no',
          agreement(versus.verdict, robust.signFlipP, robust.outliers, confidence),
        ],
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  return {
    caption: `${comparison.workload}, ${comparison.load}: cross-checks of the primary figures`,
    columns: columns(
      ['datapath', 'figure'],
      [
        'ratio - 1',
        'Hodges-Lehmann',
        "Cliff's delta",
        'sign-flip p',
        'blocks',
        'deployments',
        'detectable with 80 %',
        'stands in the whole run (e-BH)',
        'remark',
      ],
    ),
    rows,
  };
}

/** Kalibera and Jones: where the variance arises, and how often to repeat inside a deployment. */
function spreads({ deployment, block, blocksPerDeployment }: VarianceSplit): string {
  const best = blocksPerDeployment === undefined ? '' : `; ${blocksPerDeployment} blocks each would be best`;
  return `sd ${percent(Math.sqrt(deployment))} (blocks ${percent(Math.sqrt(block))})${best}`;
}

function agreement(verdict: string, signFlipP: number | undefined, outliers: boolean, confidence: number): string {
  const claims = verdict === 'higher' || verdict === 'lower';
  const remarks = [
    ...(claims && signFlipP !== undefined && signFlipP > 1 - confidence ? ['the sign-flip test does not confirm it'] : []),
    ...(outliers ? ['outlying blocks: read Hodges-Lehmann'] : []),
  ];
  return remarks.join('; ');
}

function columns(left: readonly string[], right: readonly string[]): Table['columns'] {
  return [...left.map((title) => ({ title, align: 'left' as const })), ...right.map((title) => ({ title, align: 'right' as const }))];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function signed(share: number): string {
  return `${share > 0 ? '+' : ''}${percent(share)}`;
}
