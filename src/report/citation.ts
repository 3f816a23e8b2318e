/** How a run is named by others, and how they get the same. */
import type { SealedRun } from '../model/records.ts';
import type { Block } from './document.ts';

export function citationBlocks(stored: SealedRun): Block[] {
  const { run, seal } = stored;
  return [
    { kind: 'heading', level: 2, text: 'Cite it, check it, measure it again' },
    { kind: 'code', text: bibtex(stored) },
    {
      kind: 'paragraph',
      text:
        seal === undefined
          ? 'The run is not sealed: it has no checksum of its own yet.'
          : `SHA-256 of the run’s own list of checksums: ${seal}. \`meshtax verify\` compares every file with it.`,
    },
    { kind: 'paragraph', text: 'Everything above is recomputed from the stored run, without any cluster. The experiment, verbatim:' },
    { kind: 'code', text: run.specText },
    {
      kind: 'code',
      text: `./meshtax verify ${run.id}\n./meshtax report ${run.id}\n./meshtax run experiment.yaml --seed ${quoted(run.seed)}`,
    },
  ];
}

/** No author: whoever publishes it writes their own name. */
export function bibtex({ run, seal }: SealedRun): string {
  const plain = (text: string) =>
    text
      .replaceAll(/[{}\\"#$%&~^_]/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
  const note = [`cluster ${run.cluster}`, `meshtax ${run.tool.version}`, ...(seal === undefined ? [] : [`SHA-256 ${seal}`])].join(', ');
  return [
    `@misc{meshtax-${run.id.split('-').at(-1)},`,
    `  title = {${plain(run.experiment)}: what each datapath charges per request},`,
    `  year = {${run.startedAt.slice(0, 4)}},`,
    `  howpublished = {meshtax run ${run.id}},`,
    `  note = {${plain(note)}}`,
    '}',
  ].join('\n');
}

function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
