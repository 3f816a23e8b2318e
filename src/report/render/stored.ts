/** A stored run in any format: analysis, document, rendering. Pure; the same run gives the same bytes. */
import { analyse } from '../../analysis/analyse.ts';
import type { StoredRun } from '../../model/records.ts';
import { formatOpenMetrics } from '../../model/exposition.ts';
import { buildReport } from '../build.ts';
import { trialFamilies } from '../series.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderText } from './text.ts';

export const FORMATS = ['html', 'md', 'text', 'json', 'openmetrics'] as const;
export type Format = (typeof FORMATS)[number];

export async function renderStored(stored: StoredRun, format: Format): Promise<string> {
  if (format === 'openmetrics') return formatOpenMetrics(trialFamilies(stored.trials));
  const analysis = analyse(stored);
  const document = buildReport(stored, analysis);
  switch (format) {
    case 'html': {
      const { renderHtml } = await import('./html.ts'); // Vega takes half a second to load
      return renderHtml(document);
    }
    case 'md':
      return renderMarkdown(document);
    case 'text':
      return renderText(document);
    case 'json':
      return renderJson(stored.run, analysis, document);
  }
}
