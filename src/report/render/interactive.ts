/** Charts that a script draws in the browser: their specs as data, and a policy that allows this one script and nothing else. */
import { compile } from 'vega-lite';
import type { DrawnChart } from '../../charts/chart.ts';

/**
 * Who draws: a script inlined into the page (specs are compiled beforehand, expressions interpreted, so that its hash is all
 * that the policy allows), or one beside the page, of a site.
 */
export type Drawing = { readonly script: string } | { readonly src: string };

export interface LiveCharts {
  readonly html: string;
  readonly policy: string;
}

/** `charts`: by the id of the element that each is drawn into. */
export async function liveCharts(charts: ReadonlyMap<string, DrawnChart>, drawing: Drawing): Promise<LiveCharts> {
  const compiled = 'script' in drawing;
  const specs = Object.fromEntries([...charts].map(([id, chart]) => [id, specOf(chart, compiled)]));
  const data = `<script type="application/json" id="charts">${asJson(specs)}</script>\n`;
  if (!compiled) return { html: `${data}<script src="${drawing.src}"></script>\n`, policy: "script-src 'self'" };
  const text = drawing.script.replaceAll('</script', '<\\/script');
  return { html: `${data}<script>${text}</script>\n`, policy: `script-src 'sha256-${await sha256(text)}'` };
}

function specOf({ spec }: DrawnChart, compiled: boolean): object {
  const tooltips = { mark: { tooltip: { content: 'data' as const } } };
  const config = { ...spec.config, ...tooltips } as NonNullable<typeof spec.config>;
  return compiled ? compile({ ...spec, config }).spec : { ...spec, config };
}

function asJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest));
}
