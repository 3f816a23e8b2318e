import { ANCHORS, type Anchor, type Own, type Quantity } from '../analysis/anchors.ts';
import { ownFigures } from '../analysis/plausibility.ts';
import { significant } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';

const TITLES: Readonly<Record<Quantity, string>> = {
  cpuPerProxy: 'cores per 1000 requests/s, one proxy',
  memoryPerProxy: 'MiB, one proxy',
  p99Added: 'p99 added by both sidecars, ms',
};

/** Published figures as bands beside ours: context, not truth. */
export const anchors: Chart = {
  id: 'anchors',
  draw(comparison) {
    const own = ownFigures(comparison);
    const panels = (Object.keys(TITLES) as Quantity[]).flatMap((quantity) => {
      const ours = own.filter((each) => each.quantity === quantity);
      const theirs = ANCHORS.filter((each) => each.quantity === quantity && ours.some(({ subject }) => subject === each.subject));
      return theirs.length === 0 ? [] : [{ quantity, ours, theirs }];
    });
    if (panels.length === 0) return undefined;
    return {
      id: `anchors-${comparison.workload}-${comparison.load}`,
      title: `Beside published figures: ${comparison.workload}, ${comparison.load}`,
      sentence:
        'Bands are published figures, bars are ours with their intervals. They were got on other machines, with other versions and settings; the table says how. Compare ratios to a baseline before absolute figures, and never halve a percentile of two proxies.',
      table: {
        caption: 'Ours and published figures',
        columns: ['quantity', 'of', 'figure', 'how it was got', 'source'].map((title) => ({ title, align: 'left' as const })),
        rows: panels.flatMap(({ quantity, ours, theirs }) => [
          ...ours.map((each) => [TITLES[quantity], each.name, ownText(each), `this run, ${comparison.load}`, 'here']),
          ...theirs.map((each) => [TITLES[quantity], nameOf(each), rangeText(each), each.how, each.source]),
        ]),
      },
      spec: {
        $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
        config: CHART_CONFIG,
        vconcat: panels.map(({ quantity, ours, theirs }) => panelSpec(TITLES[quantity], ours, theirs)),
        spacing: 16,
      },
    };
  },
};

const SUBJECTS: Readonly<Record<Anchor['subject'], string>> = {
  sidecar: 'a sidecar',
  waypoint: 'a waypoint',
  'sidecar-pair': 'both sidecars',
};

function nameOf({ subject, version }: Anchor): string {
  return `${SUBJECTS[subject]}, ${version}`;
}

function ownText({ estimate, low, high }: Own): string {
  return `${significant(estimate)} [${significant(low)}, ${significant(high)}]`;
}

function rangeText({ range: [low, high] }: Anchor): string {
  return low === high ? significant(low) : `${significant(low)} to ${significant(high)}`;
}

function panelSpec(title: string, ours: readonly Own[], theirs: readonly Anchor[]) {
  const y = { field: 'name', type: 'nominal' as const, sort: null, axis: { title: null, labelLimit: 320 } };
  const x = { type: 'quantitative' as const, axis: { title, tickCount: 4 } };
  const published = theirs.map((each) => ({ name: nameOf(each), from: each.range[0], to: each.range[1] }));
  return {
    width: 360,
    height: { step: 20 },
    layer: [
      {
        data: { values: ours.map(({ name, estimate, low, high }) => ({ name, estimate, low: Math.max(0, low), high })) },
        layer: [
          {
            mark: { type: 'rule' as const, strokeWidth: 2.5, color: '#0072B2' },
            encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' } },
          },
          { mark: { type: 'point' as const, filled: true, size: 50, color: '#0072B2' }, encoding: { y, x: { ...x, field: 'estimate' } } },
        ],
      },
      {
        data: { values: published },
        mark: { type: 'bar' as const, color: '#E69F00', stroke: '#E69F00', strokeWidth: 2, opacity: 0.7, height: 10 },
        encoding: { y, x: { ...x, field: 'from' }, x2: { field: 'to' } },
      },
    ],
  };
}
