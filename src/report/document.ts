/** A report as data, before any format. Renderers walk it; they add nothing of their own. */
import type { DrawnChart, Table } from '../charts/chart.ts';
import type { Finding } from '../model/findings.ts';

export type Block =
  | { readonly kind: 'heading'; readonly level: 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'callout'; readonly level: 'info' | 'warning'; readonly text: string }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'chart'; readonly chart: DrawnChart }
  | { readonly kind: 'findings'; readonly findings: readonly Finding[] }
  | { readonly kind: 'code'; readonly text: string };

export interface ReportDocument {
  readonly title: string;
  readonly subtitle: string;
  /** The answer, in sentences. */
  readonly verdicts: readonly string[];
  readonly blocks: readonly Block[];
}
