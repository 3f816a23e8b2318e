/**
 * Prometheus text exposition format 0.0.4 with explicit sample timestamps, read and written
 * (prometheus.io/docs/instrumenting/exposition_formats). A page is data of somebody else: what cannot be read is
 * counted and left out, it never throws.
 */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** Of the measurement itself, Unix ms; undefined where the page leaves it to the time of the scrape. */
  readonly timestampMs: number | undefined;
}

export interface Page {
  readonly samples: readonly Sample[];
  /** Lines that are no exposition text. */
  readonly unreadable: number;
}

/**
 * `wanted` spares the work for samples that nobody reads; `mentions` (one of these texts stands in the line) even that of
 * looking for the name, on pages of which a few pods out of hundreds are of interest.
 */
export function parseExposition(text: string, wanted: (name: string) => boolean = () => true, mentions: readonly string[] = []): Page {
  const line = mentions.length === 0 ? undefined : new RegExp(mentions.map(literally).join('|'));
  const samples: Sample[] = [];
  let unreadable = 0;
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline;
    const first = text.charCodeAt(from);
    if (to > from && first !== HASH) {
      const end = text.charCodeAt(to - 1) === CARRIAGE_RETURN ? to - 1 : to;
      const own = text.slice(from, end);
      const read = line && !line.test(own) ? 'unwanted' : readLine(own, wanted);
      if (read === undefined) unreadable++;
      else if (read !== 'unwanted') samples.push(read);
    }
    from = to + 1;
  }
  return { samples, unreadable };
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const HASH = 35;
const CARRIAGE_RETURN = 13;
const NAME = /^[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\.)*)"[ \t]*(,?)[ \t]*/y;
const REST = /^[ \t]*([^ \t]+)(?:[ \t]+([+-]?\d+))?[ \t]*$/;
const BLANK = /^[ \t]*$/;
/** What Go's ParseFloat writes and reads, without its hexadecimal and underscore forms, which nobody exposes. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function readLine(ofPage: string, wanted: (name: string) => boolean): Sample | 'unwanted' | undefined {
  const [opening, name] = NAME.exec(ofPage) ?? [];
  if (opening === undefined || name === undefined) return BLANK.test(ofPage) ? 'unwanted' : undefined;
  if (!wanted(name)) return 'unwanted';
  const line = copied(ofPage);
  const labelled = line[opening.length] === '{' ? readLabels(line, opening.length + 1) : { labels: {}, end: opening.length };
  if (!labelled) return undefined;
  const [, number, timestamp] = REST.exec(line.slice(labelled.end)) ?? [];
  const timestampMs = timestamp === undefined ? undefined : Number(timestamp);
  // No clock gets there, and no two of them could be told apart.
  if (timestampMs !== undefined && !Number.isSafeInteger(timestampMs)) return undefined;
  const value = number === undefined ? undefined : readNumber(number);
  if (value === undefined) return undefined;
  return {
    name: line.slice(0, opening.length).trim(),
    labels: labelled.labels,
    value,
    timestampMs,
  };
}

/** Parts of a string keep the whole of it alive: one sample would hold megabytes of page. */
function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

function readLabels(line: string, start: number): { labels: Labels; end: number } | undefined {
  // Without a prototype: a label may be called `__proto__`.
  const labels = Object.create(null) as Record<string, string>;
  let at = start;
  while (line[at] === ' ' || line[at] === '\t') at++;
  for (let comma = true; line[at] !== '}';) {
    LABEL.lastIndex = at;
    const found: RegExpExecArray | null = comma ? LABEL.exec(line) : null;
    if (!found) return undefined;
    labels[found[1] as string] = unescape(found[2] as string);
    comma = found[3] === ',';
    at = LABEL.lastIndex;
  }
  return { labels, end: at + 1 };
}

function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/g, (whole, next: string) => (next === 'n' ? '\n' : next === '\\' || next === '"' ? next : whole));
}

function readNumber(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  switch (text.toLowerCase().replace(/^\+/, '')) {
    case 'inf':
    case 'infinity':
      return Number.POSITIVE_INFINITY;
    case '-inf':
    case '-infinity':
      return Number.NEGATIVE_INFINITY;
    case 'nan':
      return Number.NaN;
    default:
      return undefined;
  }
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly FamilySample[];
}

/** `suffix`: of one series of a histogram. */
export type FamilySample = Omit<Sample, 'name'> & { readonly suffix?: '_bucket' | '_sum' | '_count' };

/** Format 0.0.4. Families without samples are left out. */
export function formatExposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map((family) => {
      const { name } = family;
      return head(name, family) + family.samples.map((sample) => `${seriesOf(name, sample)} ${valueOf(sample, 1)}\n`).join('');
    })
    .join('');
}

/** OpenMetrics 1.0 (prometheus.io/docs/specs/om/open_metrics_spec): timestamps in seconds, samples of a series in order of time. */
export function formatOpenMetrics(families: readonly Family[]): string {
  const text = families
    .filter(({ samples }) => samples.length > 0)
    .map((family) => {
      const name = family.name.replace(/_total$/, '');
      const series = family.type === 'counter' ? `${name}_total` : name;
      return head(name, family) + family.samples.map((sample) => `${seriesOf(series, sample)} ${valueOf(sample, 1000)}\n`).join('');
    });
  return `${text.join('')}# EOF\n`;
}

function head(name: string, { help, type }: Family): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
}

function seriesOf(name: string, { suffix, labels }: FamilySample): string {
  const pairs = Object.entries(labels);
  const braces = pairs.length === 0 ? '' : `{${pairs.map(([label, value]) => `${label}="${escape(value)}"`).join(',')}}`;
  return `${name}${suffix ?? ''}${braces}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function valueOf({ value, timestampMs }: FamilySample, timeUnit: number): string {
  const number = Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return timestampMs === undefined ? number : `${number} ${timestampMs / timeUnit}`;
}
