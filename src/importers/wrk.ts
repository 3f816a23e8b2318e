import { percentiles, shortDurationNs, type Importer } from './importer.ts';
import type { Imported } from '../model/imported.ts';

// Patterns stay within a line: a text of a million empty ones must not be searched from each of them to its end.
const FRAME = /^[ \t]*Running .+ test @ /m;
const HDR = /Latency Distribution \(HdrHistogram - Recorded Latency\)/;

/** wrk: closed loop; it always fills in samples for the time in which it could not send. */
export const wrk: Importer = {
  id: 'wrk',
  title: 'wrk text',
  recognises: (text) => FRAME.test(text) && !HDR.test(text) && !/Thread calibration/.test(text),
  parse(text): Imported {
    const lines = [...text.matchAll(/^[ \t]*(50|75|90|99)%[ \t]+(\S+)[ \t\r]*$/gm)];
    return {
      ...frameOf(text),
      tool: 'wrk',
      loop: 'closed',
      clock: 'send',
      synthetic: true,
      percentiles: percentiles(lines.map(([, share, value]) => [Number(share) / 100, shortDurationNs(value ?? '') ?? Number.NaN] as const)),
    };
  },
};

/** wrk2: a fixed rate, latency from the intended time; the spectrum is in ms and leaves the first ten seconds out. */
export const wrk2: Importer = {
  id: 'wrk2',
  title: 'wrk2 text',
  recognises: (text) => FRAME.test(text) && (HDR.test(text) || /Thread calibration/.test(text)),
  parse(text): Imported {
    const recorded = text.split(/Uncorrected Latency/)[0] ?? text;
    const rows = [...recorded.matchAll(/^[ \t]*(\d+\.\d+)[ \t]+([01]\.\d+)[ \t]+(\d+)[ \t]+(?:\d+\.\d+|inf)[ \t\r]*$/gm)];
    const spectrum = rows.map(([, ms, share]) => [Number(share), Number(ms) * 1e6] as const);
    // The first row at or above a share: the spectrum's own steps are not round.
    const wanted = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999].flatMap((share) => {
      const row = spectrum.find(([each]) => each >= share && each < 1);
      return row ? [[share, row[1]] as const] : [];
    });
    return { ...frameOf(text), tool: 'wrk2', loop: 'open', clock: 'intended', percentiles: percentiles(wanted) };
  },
};

function frameOf(text: string) {
  const number = (pattern: RegExp) => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const refused = number(/Non-2xx or 3xx responses: (\d+)/) ?? 0;
  const durationNs = shortDurationNs(/requests in (\S+),/.exec(text)?.[1] ?? '');
  return {
    achievedPerSecond: number(/Requests\/sec:\s+(\d+(?:\.\d+)?)/),
    connections: number(/threads? and (\d+) connections/),
    durationS: durationNs === undefined ? undefined : durationNs / 1e9,
    requests: number(/(\d{1,15}) requests in /),
    errors: refused + (socket ? socket.slice(1).reduce((sum, each) => sum + Number(each), 0) : 0),
  };
}
