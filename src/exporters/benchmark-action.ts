import type { Exporter } from './exporter.ts';
import { figuresOf, inCommonUnit } from './figures.ts';

/** github-action-benchmark, `tool: customSmallerIsBetter` (src/extract.ts): an array; the range is shown, never compared. */
export const benchmarkAction: Exporter = {
  id: 'benchmark-action',
  title: 'github-action-benchmark, customSmallerIsBetter',
  leavesOut: 'intervals (shown, but its alert compares estimates alone), and figures of which more is better',
  render: (_stored, analysis) => {
    const entries = figuresOf(analysis)
      .filter(({ metric }) => metric.better === 'lower')
      .map((figure) => {
        const { unit, factor } = inCommonUnit(figure);
        const { estimate, low, high, n } = figure.value;
        const against = figure.sameTier === false ? `${figure.baseline} (other work: ${figure.baselineTier})` : figure.baseline;
        return {
          name: `${figure.arm}/${figure.workload}/${figure.load}/${figure.metric.id}`,
          unit,
          value: estimate / factor,
          range: `± ${((high - low) / 2 / factor).toPrecision(3)}`,
          extra: `blocks: ${n}\ntier: ${figure.tier}${figure.verdict === undefined ? '' : `\nagainst ${against}: ${figure.verdict}`}`,
        };
      });
    return `${JSON.stringify(entries, null, 1)}\n`;
  },
};
