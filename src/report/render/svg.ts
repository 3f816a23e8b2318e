/** A Vega-Lite spec to SVG, without a browser or canvas; the same spec gives the same bytes. */
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { CHART_CONFIG } from '../../charts/chart.ts';

/** `name`: tells its parts from those of other pictures on the same page; letters, digits and dashes. */
export async function renderSvg(spec: TopLevelSpec, name: string): Promise<string> {
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none', logLevel: vega.Error });
  try {
    return symbolsOnce(compact(await view.toSVG()), name);
  } finally {
    view.finalize();
  }
}

/** What every text of a chart has in common stands once, at its root. */
const FONT = ` font-family="${CHART_CONFIG.font}" font-size="12px"`;
/** The whole picture is one image with a name and a description; what is inside is nothing that a reader steps through. */
const INSIDE = / (?:role="graphics-(?:object|symbol)"|aria-(?:roledescription|hidden)="[^"]*"|class="[^"]*"|pointer-events="none")/g;
const BLACK = '<style>text:not([fill]){fill:#000}</style>';
/** SVG's own defaults. */
const DEFAULTS = / (?:opacity="1"|stroke-width="1"|text-anchor="start"|stroke-miterlimit="4"|[xy]2="0")/g;
const NOTHING = /<path d="(?:|M0,0h0v0h0Z)"[^>]*\/>|<g>\s*<\/g>/g;

/** A third of the bytes, the same picture: coordinates to a tenth of a pixel. Texts are left alone. */
function compact(svg: string): string {
  const tags = svg.replaceAll(/<[^>]+>/g, (tag) =>
    tag
      .replaceAll(INSIDE, '')
      .replaceAll(DEFAULTS, '')
      .replace(` font-family="${CHART_CONFIG.font}"`, '')
      .replace(' font-size="12px"', '')
      .replace(/^(<text.*) fill="#000"/, '$1')
      .replace(/^(?!.* stroke=)(.*) stroke-width="[^"]*"/, '$1')
      .replaceAll(/-?\d+\.\d{2,}/g, (number) => String(Number(Number(number).toFixed(1)))),
  );
  return tags
    .replaceAll(NOTHING, '')
    .replaceAll(NOTHING, '')
    .replace(/<svg [^>]*>/, (root) => `${root.replace('<svg', `<svg${FONT}`)}${BLACK}`);
}

/** Dots of a series differ only in their places: what else there is to them is defined once and used. */
function symbolsOnce(svg: string, name: string): string {
  const dot = /<path transform="translate\(([^,)]+),([^)]+)\)"([^>]*)\/>/g;
  const counts = new Map<string, number>();
  for (const [, , , looks = ''] of svg.matchAll(dot)) counts.set(looks, (counts.get(looks) ?? 0) + 1);
  const ids = new Map([...counts].filter(([, count]) => count > 2).map(([looks], index) => [looks, `${name}-s${index}`]));
  if (ids.size === 0) return svg;
  const used = svg.replaceAll(dot, (whole, x: string, y: string, looks: string) => {
    const id = ids.get(looks);
    return id === undefined ? whole : `<use x="${x}" y="${y}" href="#${id}"/>`;
  });
  const definitions = [...ids].map(([looks, id]) => `<path id="${id}"${looks}/>`).join('');
  return used.replace(/<svg [^>]*>/, (root) => `${root}<defs>${definitions}</defs>`);
}
