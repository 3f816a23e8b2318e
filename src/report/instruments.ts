/** The section on instruments: where two of them see one quantity, and what flows say. */
import type { Analysis } from '../analysis/analyse.ts';
import type { FlowSummary, OwnWord, PairOfInstruments } from '../analysis/instruments.ts';
import type { Table } from '../charts/chart.ts';
import { formatValue } from '../model/format.ts';
import type { Block } from './document.ts';

export function instrumentBlocks({ instruments, flows, ownWords }: Analysis): Block[] {
  if (instruments.length + flows.length + ownWords.length === 0) return [];
  const apart = instruments.filter(({ windows, agreeing }) => agreeing < windows);
  const verdict =
    apart.length === 0
      ? `All ${instruments.length} pairs agree in every window, within what sampling and the edges of a window explain.`
      : `${instruments.length - apart.length} of ${instruments.length} pairs agree in every window; the others are marked.`;
  return [
    { kind: 'heading', level: 2, text: 'Two instruments, one quantity' },
    ...(instruments.length === 0
      ? []
      : [
          { kind: 'paragraph' as const, text: verdict },
          { kind: 'table' as const, table: pairTable(instruments) },
        ]),
    ...(flows.length === 0 ? [] : [{ kind: 'table' as const, table: flowTable(flows) }]),
    ...(ownWords.length === 0 ? [] : [{ kind: 'table' as const, table: ownTable(ownWords) }]),
  ];
}

function pairTable(pairs: readonly PairOfInstruments[]): Table {
  return {
    caption: 'Mean over windows by each instrument; a window agrees when the first lies within the bounds that the second gives',
    columns: [
      ...['workload', 'datapath', 'quantity', 'of', 'instruments'].map((title) => ({ title, align: 'left' as const })),
      ...['first', 'second', 'difference', 'windows that agree'].map((title) => ({ title, align: 'right' as const })),
      { title: 'why they may differ', align: 'left' },
    ],
    rows: pairs.map(({ workload, arm, quantity, component, unit, instruments, values, windows, agreeing, cause }) => {
      const [first, second] = values;
      const shown = (value: number) => (unit === 'count' ? value.toFixed(value % 1 === 0 ? 0 : 1) : formatValue(unit, value));
      const difference =
        first === 0 ? (second === 0 ? '0' : '') : `${second >= first ? '+' : ''}${((second / first - 1) * 100).toFixed(2)} %`;
      return [
        ...[workload, arm, quantity, component, instruments.join(', ')],
        ...[shown(first), shown(second), difference, `${agreeing} of ${windows}${agreeing < windows ? ' !' : ''}`, cause],
      ];
    }),
  };
}

function ownTable(words: readonly OwnWord[]): Table {
  return {
    caption: 'What proxies and agents say of themselves: counters for each 1000 requests, gauges as means; an agent’s are its whole node’s',
    columns: [
      ...['workload', 'datapath', 'of', 'figure'].map((title) => ({ title, align: 'left' as const })),
      ...['value', 'windows'].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: words.map(({ workload, arm, component, metric, unit, kind, value, windows }) => [
      ...[workload, arm, component, kind === 'counter' ? `${metric} per 1000` : metric],
      ...[unit === 'count' ? value.toFixed(1) : formatValue(unit, value), String(windows)],
    ]),
  };
}

function flowTable(flows: readonly FlowSummary[]): Table {
  return {
    caption:
      'Flows: events are not requests (aggregation), and with lost events every count is a lower bound. HTTP latency is the proxy’s own, beside the client’s over the same windows.',
    columns: [
      ...['workload', 'datapath'].map((title) => ({ title, align: 'left' as const })),
      ...[
        'events per 1000 requests',
        'connections begun',
        'denied',
        'other drops',
        'translations',
        'lost',
        'missing',
        'HTTP p50, proxy',
        'client',
        'HTTP p99, proxy',
        'client',
      ].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: flows.map(
      ({ workload, arm, eventsPer1000, connections, denied, drops, translations, lost, missing, httpLatency, clientLatency }) => {
        const latency = (ns: number | undefined) => (ns === undefined ? '' : formatValue('ns', ns));
        return [
          workload,
          arm,
          eventsPer1000.toFixed(1),
          ...[connections, denied, drops, translations, lost, missing].map(String),
          latency(httpLatency?.p50),
          httpLatency ? latency(clientLatency?.p50) : '',
          latency(httpLatency?.p99),
          httpLatency ? latency(clientLatency?.p99) : '',
        ];
      },
    ),
  };
}
