/** Every chart of a report as files: SVG, PNG, its Vega-Lite spec, and the table behind it as CSV. */
import { csvText } from '../model/csv.ts';
import type { ReportDocument } from '../report/document.ts';
import { makeDirectoryForUser, writeForUser, type App } from './app.ts';

/** Of the picture; fonts are shipped, so that it is the same everywhere. */
const PNG_SCALE = 2;

/** Returns how many files were written. */
export async function writeCharts(app: App, directory: string, document: ReportDocument): Promise<number> {
  const { projectRoot } = app.system.host;
  const { renderSvg } = await import('../report/render/svg.ts'); // Vega takes half a second to load
  const { Resvg } = await import('@resvg/resvg-js');
  const fonts = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => `${projectRoot}/node_modules/dejavu-fonts-ttf/ttf/${name}`);
  await makeDirectoryForUser(app, directory);
  let written = 0;
  for (const block of document.blocks) {
    if (block.kind !== 'chart') continue;
    const { id, spec, table } = block.chart;
    const base = `${directory}/${id.replaceAll(/[^a-z0-9.-]/gi, '-')}`;
    const svg = await renderSvg(spec, 'c');
    const png = new Resvg(svg, {
      background: '#ffffff',
      fitTo: { mode: 'zoom', value: PNG_SCALE },
      font: { loadSystemFonts: false, fontFiles: fonts, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
    });
    await writeForUser(app, `${base}.svg`, `${svg}\n`);
    await writeForUser(app, `${base}.png`, png.render().asPng());
    await writeForUser(app, `${base}.vl.json`, `${JSON.stringify(spec, null, 1)}\n`);
    await writeForUser(
      app,
      `${base}.csv`,
      csvText(
        table.columns.map(({ title }) => title),
        table.rows,
      ),
    );
    written += 4;
  }
  return written;
}
