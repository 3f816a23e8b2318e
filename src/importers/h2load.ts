import { percentiles, percentilesOfRaw, shortDurationNs, type Importer } from './importer.ts';
import type { Imported } from '../model/imported.ts';

/** h2load's text: no percentiles before 1.69; latency from the send. */
export const h2load: Importer = {
  id: 'h2load',
  title: 'h2load text',
  recognises: (text) => /^finished in /m.test(text) && /^requests: \d+ total/m.test(text),
  parse(text): Imported {
    const finished = /^finished in ([^,\n]+), (\d+(?:\.\d+)?) req\/s/m.exec(text);
    const counts = /^requests: \d+ total, \d+ started, (\d+) done, \d+ succeeded, (\d+) failed/m.exec(text);
    const header =
      /^[ \t]+(min[ \t]+max[ \t]+.*)$/m
        .exec(text)?.[1]
        ?.trim()
        .split(/\s{2,}/) ?? [];
    const row = /^(?:request|time for request)\s*:\s+(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
    const durationNs = shortDurationNs(finished?.[1] ?? '');
    const shares: Readonly<Record<string, number>> = { median: 0.5, p95: 0.95, p99: 0.99 };
    return {
      tool: 'h2load',
      toolVersion: /h2load nghttp2\/(\S+)/.exec(text)?.[1],
      loop: 'closed',
      clock: 'send',
      achievedPerSecond: finished ? Number(finished[2]) : undefined,
      connections: connectionsOf(text),
      durationS: durationNs === undefined ? undefined : durationNs / 1e9,
      requests: counts ? Number(counts[1]) : undefined,
      errors: counts ? Number(counts[2]) : undefined,
      percentiles: percentiles(
        header.flatMap((name, index) => {
          const share = shares[name];
          return share === undefined ? [] : [[share, shortDurationNs(row[index] ?? '') ?? Number.NaN] as const];
        }),
      ),
    };
  },
};

/** A line a thread, each with its own share. */
function connectionsOf(text: string): number | undefined {
  return [...text.matchAll(/(\d{1,15}) total client/g)].reduce((sum, [, share]) => sum + Number(share), 0) || undefined;
}

/** Its log file: start (us since 1970), status, latency (us) of every request; a second run is appended to the first. */
export const h2loadLog: Importer = {
  id: 'h2load-log',
  title: 'h2load log file',
  recognises: (text) => /^(\d{13,17}\t-?\d+\t\d+(?:[^\n\d][^\n]*)?\n){2}/.test(text),
  parse(text): Imported {
    const rows = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t').map(Number) as [number, number, number]);
    const starts = rows.map(([start]) => start).sort((a, b) => a - b);
    const longest = rows.reduce((most, [, , us]) => Math.max(most, us), 0);
    const gap = starts.slice(1).findIndex((start, index) => start - (starts[index] as number) > Math.max(10e6, 2 * longest));
    if (gap >= 0) throw new Error('it holds several runs one after the other: h2load appends; give it a new file each time');
    const [first = 0] = starts;
    const end = rows.reduce((last, [start, , us]) => Math.max(last, start + us), 0);
    const good = rows.filter(([, status]) => status >= 200 && status < 400);
    return {
      tool: 'h2load',
      startedAt: new Date(first / 1000).toISOString(),
      loop: 'unknown',
      clock: 'send',
      achievedPerSecond: (rows.length * 1e6) / (end - first),
      durationS: (end - first) / 1e6,
      requests: rows.length,
      errors: rows.length - good.length,
      percentiles: percentilesOfRaw(good.map(([, , us]) => us * 1000)),
    };
  },
};
