/** Pages in a real browser: nothing from outside, no message on the console, axe's rules, and no page wider than its window. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findTool } from '../../src/clusters/lab/requirements.ts';
import { system } from '../../src/system/index.ts';
import { meshtax, ROOT, workspace, type Workspace } from './machine.ts';

const chromium = await findTool(system, 'chromium');
if (chromium === undefined) process.stderr.write('\npages: skipped, there is no chromium (`meshtax test` brings it)\n');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RUN = `${ROOT}/results/published/quickstart/20261121T202045Z-ep99t6`;
const WIDTHS = [360, 768, 1440];

let browser: Browser;
let space: Workspace;
beforeAll(async () => {
  if (chromium !== undefined) browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
}, 60_000);
afterAll(() => browser?.close());
beforeEach(async () => {
  space = await workspace();
});
afterEach(() => space.remove());

interface Seen {
  readonly page: Page;
  readonly messages: string[];
  readonly requests: string[];
}

async function open(file: string, scheme: 'light' | 'dark' = 'light'): Promise<Seen> {
  const page = await browser.newPage();
  const [messages, requests]: [string[], string[]] = [[], []];
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(`file://${file}`, { waitUntil: 'networkidle0' });
  return { page, messages, requests };
}

/** The page's own policy lets no script in: axe comes from outside of it. */
async function violations(page: Page): Promise<string[]> {
  const session = await page.createCDPSession();
  await session.send('Page.setBypassCSP', { enabled: true });
  await page.reload({ waitUntil: 'networkidle0' });
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: runner } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = await runner.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.length}, first ${nodes[0]?.html.slice(0, 120)}`);
  });
}

async function overflow(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')) as number;
}

async function rendered(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await meshtax(['report', RUN, ...args]);
  expect(exitCode === 0 ? '' : stderr).toBe('');
}

describe.skipIf(chromium === undefined)('the report of the published run', () => {
  test.each(['light', 'dark'] as const)('as one static page, %s: no script, no request, readable at every width', async (scheme) => {
    const file = `${space.directory}/report.html`;
    await rendered('--format', 'html', '--out', file);
    expect(readFileSync(file).length).toBeLessThan(300_000);
    expect(readFileSync(file, 'utf8')).not.toContain('<script');
    const { page, messages, requests } = await open(file, scheme);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: 900 });
      expect(await overflow(page), `at ${width} px`).toBeLessThanOrEqual(0);
    }
    expect([messages, requests.filter((url) => url !== `file://${file}`)]).toEqual([[], []]);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  test('interactive: one script under a policy, charts drawn, tooltips there', async () => {
    const file = `${space.directory}/report.html`;
    await rendered('--format', 'html', '--interactive', '--out', file);
    expect(readFileSync(file).length).toBeLessThan(1_000_000);
    const { page, messages, requests } = await open(file);
    const drawn = await page.$$eval('.chart svg', (all) => all.length);
    const wanted = await page.$$eval('.chart', (all) => all.length);
    expect([drawn, messages, requests.length]).toEqual([wanted, [], 1]);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  test('a site: index, run pages with their charts, the second time nothing is rendered again', async () => {
    const site = ['report', '--site', `${space.directory}/site`, '--results', `${ROOT}/results/published`];
    expect((await meshtax(site)).stdout).toMatch(/(\d+) runs, \1 of them rendered now/);
    expect((await meshtax(site)).stdout).toMatch(/runs, 0 of them rendered now/);
    const index = await open(`${space.directory}/site/index.html`);
    expect([index.messages, await violations(index.page)]).toEqual([[], []]);
    await index.page.close();
  });

  test('the published site, its series, its oldest and its newest run: charts drawn, nothing from outside, no message, axe finds nothing', async () => {
    const site = `${ROOT}/reports/published/site`;
    const runs = readdirSync(`${site}/runs`).toSorted();
    const series = readdirSync(`${site}/series`);
    expect(Math.min(runs.length - 1, series.length)).toBeGreaterThan(0);
    for (const name of ['index.html', ...series.map((one) => `series/${one}`), `runs/${runs[0]}`, `runs/${runs.at(-1)}`]) {
      const { page, messages, requests } = await open(`${site}/${name}`);
      const [drawn, wanted] = [await page.$$eval('.chart svg', (all) => all.length), await page.$$eval('.chart', (all) => all.length)];
      expect([drawn, messages, requests.filter((url) => !url.startsWith(`file://${site}/`))], name).toEqual([wanted, [], []]);
      expect(await overflow(page), name).toBeLessThanOrEqual(0);
      expect(await violations(page), name).toEqual([]);
      await page.close();
    }
  }, 120_000);
});
