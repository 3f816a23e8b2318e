/** `npm run codes`: docs/codes.md, every code a user can meet; `-- --check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checks } from '../src/checks/index.ts';
import { clusters } from '../src/clusters/index.ts';
import { CHECKS as contextChecks } from '../src/clusters/kubernetes/doctor.ts';
import { errorTable, EXIT, type ErrorEntry } from '../src/model/error-table.ts';
import { markdownTable } from './markdown-table.ts';

const STAGES = {
  doctor: 'by `doctor`',
  verify: 'before a block, over requests whose path is known',
  validity: 'after a window; an error makes the trial invalid',
} as const;
/** Of no check: said where they are found. */
const OTHERS = [
  ['MT0001', 'the last deployment is kept', 'by `run --keep`'],
  ['MT0002', 'simulated cluster', 'nothing was measured'],
  ['MT0003', 'detectable difference', 'before a run, from the calibration of the host'],
  ['MT0401', 'a proxy that costs next to nothing', 'in reports: implausible figures are shown, and doubted'],
  ['MT0402', 'a proxy that costs very much', 'the same'],
  ['MT0403', 'a layer-4 datapath that doubles the latency', 'the same'],
] as const;
const EXIT_NAMES: Readonly<Record<number, string>> = {
  [EXIT.bug]: 'a bug',
  [EXIT.usage]: 'usage or experiment',
  [EXIT.preflight]: 'preflight failed, or the machine gave out',
  [EXIT.invalidTrials]: 'trials are invalid',
  [EXIT.gate]: 'gate or calibration not passed',
  [EXIT.interrupted]: 'interrupted',
};

const found = [...checks, ...clusters.flatMap(({ doctor }) => doctor)].map(
  ({ code, title, stage }) => [code, title, STAGES[stage]] as const,
);
const ofContexts = contextChecks.map(({ code, title }) => [code, title, 'by `doctor --cluster CONTEXT`'] as const);
const findings = [...new Map([...found, ...ofContexts, ...OTHERS].map((each) => [each[0], each])).values()].toSorted(([a], [b]) =>
  a < b ? -1 : 1,
);
const errors = Object.entries(errorTable as Readonly<Record<string, ErrorEntry>>);

const text = `# Codes

Made by \`npm run codes\` from \`src/model/error-table.ts\` and the checks. \`{words}\` stand for what is at hand.

## Exit codes

${markdownTable(['code', 'meaning'], [['0', 'done'], ...Object.entries(EXIT_NAMES).map(([code, name]) => [code, name])])}

\`clean\` that could not remove something, and \`test\` with failures, end with 1 too.

## Findings

MT00 of the run, MT01 of the machine, MT02 of the path, MT03 of a window, MT04 of figures, MT05 of a Kubernetes cluster.

${markdownTable(
  ['code', 'what', 'when'],
  findings.map(([code, title, when]) => [code, title, when]),
)}

## Errors

MT1 of what was asked, MT2 of the machine, MT3 of the run, MT4 of stored runs and files, MT5 of clusters.

${markdownTable(
  ['code', 'what', 'what mends it', 'exit code'],
  errors.map(([code, { sentence, fix, exit }]) => [code, sentence, fix, String(exit)]),
)}
`;

const file = fileURLToPath(new URL('../docs/codes.md', import.meta.url));
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('docs/codes.md is out of date: npm run codes');
  process.exitCode = 1;
}
