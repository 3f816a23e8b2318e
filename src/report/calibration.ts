/** A calibration as tables: what was tried, what came out, whether it passes. */
import type { Table } from '../charts/chart.ts';
import type { Calibration } from '../model/calibration.ts';

export function calibrationVerdict({ passed, failures, quick }: Calibration): string {
  const words = passed ? 'passed: what this tool prints can be trusted on this host' : `not passed: ${failures.join('; ')}`;
  return quick ? `${words} (quick: a smoke test, not a calibration)` : words;
}

/** The tables of a calibration, for every renderer. */
export function calibrationTables(calibration: Calibration): Table[] {
  const { quantileError, quantileErrorMasked, bimodalError, stall, pacing, pacedCost, selfCost, highestRatePerCore } = calibration;
  const names = [...new Set([...Object.keys(quantileError), ...Object.keys(selfCost)])];
  const rows = (cells: (name: string) => string[]) => names.map((name) => [name, ...cells(name)]);
  return [
    table(
      'Percentiles against what a server really did (error)',
      ['generator', 'lognormal p50', 'p90', 'p99', 'p99 masked', 'bimodal p50', 'p99', 'stall p90', 'p99', 'dropped'],
      rows((name) => [
        ...triple(quantileError[name]),
        percent(quantileErrorMasked[name]?.p99),
        percent(bimodalError[name]?.p50),
        percent(bimodalError[name]?.p99),
        percent(stall[name]?.p90Error),
        percent(stall[name]?.p99Error),
        String(stall[name]?.dropped ?? ''),
      ]),
    ),
    table(
      'Pacing at 1000/s, and cost',
      [
        'generator',
        'CV uniform',
        'CV Poisson',
        'lag p99',
        'CPU ms per 1000 at 1000/s',
        'at full speed',
        'ratio to',
        'highest rate per CPU',
      ],
      rows((name) => [
        fixed(pacing[name]?.uniformCv, 3),
        fixed(pacing[name]?.poissonCv, 3),
        pacing[name] ? `${fixed(pacing[name].lagP99Ns / 1000, 0)} us` : '',
        fixed(pacedCost[name]?.cpuMsPer1000, 0),
        fixed(selfCost[name]?.cpuMsPer1000, 1),
        Object.entries(selfCost[name]?.ratioTo ?? {})
          .map(([tool, ratio]) => `${tool} ${ratio.toFixed(2)}x`)
          .join(', '),
        String(highestRatePerCore[name] ?? ''),
      ]),
    ),
    table(
      'One datapath twice',
      ['figure', 'called different', '95 % interval', 'comparisons', 'sd of a pair, masked', 'raw', 'called equal after'],
      Object.entries(calibration.falsePositives).map(([metric, { rate, low, high, n }]) => [
        metric,
        percent(rate),
        `${percent(low)} to ${percent(high)}`,
        String(n),
        percent(calibration.pairSd[metric]?.masked),
        percent(calibration.pairSd[metric]?.raw ?? undefined),
        seconds(calibration.equivalentAfterSeconds[metric]),
      ]),
    ),
    table(
      'Injected slowdowns',
      ['figure', 'injected', 'found', 'verdict', 'after'],
      calibration.injected.map(({ metric, size, estimate, low, high, verdict, secondsToVerdict }) => [
        metric,
        percent(size),
        estimate === null ? 'not given' : `${percent(estimate)} [${percent(low ?? undefined)}, ${percent(high ?? undefined)}]`,
        verdict,
        seconds(secondsToVerdict),
      ]),
    ),
  ];
}

function table(caption: string, titles: readonly string[], rows: readonly (readonly string[])[]): Table {
  return { caption, columns: titles.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' })), rows };
}

function triple(error: { p50: number; p90: number; p99: number } | undefined): string[] {
  return [percent(error?.p50), percent(error?.p90), percent(error?.p99)];
}

function percent(share: number | undefined): string {
  return share === undefined ? '' : `${(share * 100).toFixed(2)} %`;
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toFixed(digits);
}

function seconds(value: number | null | undefined): string {
  return value === null || value === undefined ? 'never' : `${value} s`;
}
