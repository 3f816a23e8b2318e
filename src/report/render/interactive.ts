/**
 * Charts that answer to the pointer: Vega itself inlined, with specs compiled beforehand and expressions interpreted, so
 * that the page's policy allows one script by its hash and nothing else.
 */
import { compile } from 'vega-lite';
import type { DrawnChart } from '../../charts/chart.ts';

/** `script`: draws each spec of the JSON document with the id `charts` into the element whose id is its key. */
export interface LiveCharts {
  readonly html: string;
  readonly policy: string;
}

/** `charts`: by the id of the element that each is drawn into. */
export async function liveCharts(charts: ReadonlyMap<string, DrawnChart>, script: string): Promise<LiveCharts> {
  const specs = Object.fromEntries([...charts].map(([id, chart]) => [id, compiled(chart)]));
  const text = script.replaceAll('</script', '<\\/script');
  return {
    html: `<script type="application/json" id="charts">${asJson(specs)}</script>\n<script>${text}</script>\n`,
    policy: `script-src 'sha256-${await sha256(text)}'`,
  };
}

function compiled({ spec }: DrawnChart): object {
  const tooltips = { mark: { tooltip: { content: 'data' as const } } };
  const config = { ...(spec.config ?? {}), ...tooltips } as NonNullable<typeof spec.config>;
  return compile({ ...spec, config }).spec;
}

function asJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest));
}
