/** The one script of an interactive page or of a site: Vega and its interpreter, bundled from the installed packages. */
const DRAW = `
// The whole picture has a name and a description; what is inside is nothing that a reader steps through.
const asOnePicture = (container) => {
  for (const part of container.querySelectorAll('[role^=graphics]'))
    for (const name of ['role', 'aria-roledescription', 'aria-label']) part.removeAttribute(name);
};
for (const [id, spec] of Object.entries(JSON.parse(document.getElementById('charts').textContent))) {
  const container = document.getElementById(id);
  const view = new View(parse(vegaOf(spec), null, { ast: true }), { expr, renderer: 'svg', container, hover: true });
  view.runAsync().then(() => asOnePicture(container));
}
`;
const IMPORTS = `
import { parse, View } from 'vega';
import { expressionInterpreter as expr } from 'vega-interpreter';
`;

/** For a page of its own, whose specs are compiled already. The same packages give the same text. */
export function liveChartScript(projectRoot: string): Promise<string> {
  return bundled(projectRoot, `${IMPORTS}const vegaOf = (spec) => spec;${DRAW}`);
}

/** For all pages of a site: it compiles Vega-Lite in the browser, so that a page holds little. */
export function siteScript(projectRoot: string): Promise<string> {
  return bundled(projectRoot, `${IMPORTS}import { compile } from 'vega-lite';\nconst vegaOf = (spec) => compile(spec).spec;${DRAW}`);
}

async function bundled(projectRoot: string, contents: string): Promise<string> {
  const esbuild = await import('esbuild');
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: `${projectRoot}/src`, sourcefile: 'live-charts.js', loader: 'js' },
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
