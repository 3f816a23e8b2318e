/** The one script of an interactive page: Vega and its interpreter, bundled from the installed packages. */
const ENTRY = `
import { parse, View } from 'vega';
import { expressionInterpreter as expr } from 'vega-interpreter';
const charts = JSON.parse(document.getElementById('charts').textContent);
for (const [id, spec] of Object.entries(charts))
  new View(parse(spec, null, { ast: true }), { expr, renderer: 'svg', container: document.getElementById(id), hover: true }).runAsync();
`;

/** The same packages give the same text. */
export async function liveChartScript(projectRoot: string): Promise<string> {
  const esbuild = await import('esbuild');
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: ENTRY, resolveDir: `${projectRoot}/src`, sourcefile: 'live-charts.js', loader: 'js' },
      bundle: true,
      write: false,
      minify: true,
      format: 'iife',
      platform: 'browser',
      target: 'es2022',
      legalComments: 'none',
      logLevel: 'silent',
    });
    return outputFiles[0]?.text ?? '';
  } finally {
    await esbuild.stop();
  }
}
