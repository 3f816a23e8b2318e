/** The index of a static site over many runs: newest first, by experiment; series before them. */
import type { Table } from '../charts/chart.ts';

export interface SiteRun {
  readonly id: string;
  readonly experiment: string;
  readonly cluster: string;
  readonly status: string;
  readonly startedAt: string;
  /** The first sentence of its report. */
  readonly verdict: string;
}

export interface SiteSeries {
  readonly name: string;
  readonly component: string;
  readonly versions: readonly string[];
  readonly verdict: string;
}

/** A cell that leads somewhere: text and a path inside the site. */
export interface Linked {
  readonly text: string;
  readonly href: string;
}

export interface IndexTable extends Omit<Table, 'rows'> {
  readonly rows: readonly (readonly (string | Linked)[])[];
}

export function indexTables(runs: readonly SiteRun[], series: readonly SiteSeries[]): IndexTable[] {
  const left = (titles: readonly string[]) => titles.map((title) => ({ title, align: 'left' as const }));
  const seriesTable: IndexTable = {
    caption: `${series.length} series over versions`,
    columns: left(['series', 'component', 'versions', 'what changed']),
    rows: series.map(({ name, component, versions, verdict }) => [
      { text: name, href: `series/${name}.html` },
      component,
      versions.join(', '),
      verdict,
    ]),
  };
  const byExperiment = [...Map.groupBy(runs, ({ experiment }) => experiment)].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...(series.length === 0 ? [] : [seriesTable]),
    ...byExperiment.map(([experiment, own]): IndexTable => ({
      caption: `${experiment}: ${own.length} runs`,
      columns: left(['run', 'started', 'cluster', 'status', 'the first verdict']),
      rows: own
        .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
        .map(({ id, startedAt, cluster, status, verdict }) => [{ text: id, href: `runs/${id}.html` }, startedAt, cluster, status, verdict]),
    })),
  ];
}
