/** A stored run in any format for people and programs: analysis, document, rendering. Pure; the same run gives the same bytes. */
import { analyse } from '../../analysis/analyse.ts';
import type { StoredRun } from '../../model/records.ts';
import { buildReport, type ReportOptions } from '../build.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderText } from './text.ts';

export const FORMATS = ['html', 'md', 'text', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** `script`: for HTML whose charts answer to the pointer. */
export async function renderStored(stored: StoredRun, format: Format, options: ReportOptions = {}, script?: string): Promise<string> {
  const analysis = analyse(stored, { acrossTiers: options.acrossTiers === true });
  const document = buildReport(stored, analysis, options);
  switch (format) {
    case 'html': {
      const { renderHtml } = await import('./html.ts'); // Vega takes half a second to load
      return renderHtml(document, script === undefined ? {} : { draw: { script } });
    }
    case 'md':
      return renderMarkdown(document);
    case 'text':
      return renderText(document);
    case 'json':
      return renderJson(stored.run, analysis, document);
  }
}
