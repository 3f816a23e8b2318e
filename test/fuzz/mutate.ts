/** Inputs made from good ones: bytes, words and trees changed at random, with values that programs stumble over. */
import type { Random } from '../../src/model/random.ts';

export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'javascript:alert(1)',
  '=cmd|" /C calc"!A0',
  '+1+1',
  '-2+3',
  '@SUM(1)',
  '\u001b[2J\u001b[31mred',
  '\u001b]0;title\u0007',
  '\u0000',
  '\r\n\r\n',
  '../../../etc/passwd',
  '/etc/passwd',
  '..\\..\\x',
  '$(reboot)',
  '`reboot`',
  '; reboot',
  '--help',
  '__proto__',
  'constructor',
  '\u202Egnp.exe',
  '\uD800',
  '`| [x](y) **b**',
  'x'.repeat(5000),
];
export const HOSTILE_NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.1,
  1e-300,
  1e300,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  -1e300,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
];
const WORDS: readonly string[] = [
  '1e999',
  '-1',
  'NaN',
  '.nan',
  '.inf',
  'null',
  '~',
  'true',
  '0x7fffffff',
  '99999999999999999999',
  '500/s',
  '-5s',
  '1h',
  '9e9h',
  '*a',
  '&a',
  '<<: *a',
  '!!js/function',
  '!!binary',
  '? ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '|',
  '>',
  '%YAML 9',
  '---',
  '...',
  '\t',
  '\u0000',
  '\uFEFF',
];

export function mutateText(text: string, random: Random): string {
  let result = text;
  for (let times = 1 + random.below(4); times > 0; times--) result = mutateOnce(result, random);
  return result.length > 200_000 ? result.slice(0, 200_000) : result;
}

function mutateOnce(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const length = random.below(40);
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + pick([...WORDS, ...HOSTILE_TEXTS], random) + text.slice(at);
    case 4:
      return text.slice(0, at);
    case 5: {
      const lines = text.split('\n');
      const line = lines[random.below(lines.length)] ?? '';
      return lines.toSpliced(random.below(lines.length + 1), random.below(3), line).join('\n');
    }
    case 6:
      return text.replace(/\d+(?:\.\d+)?/g, (digits) => (random.below(6) === 0 ? pick(WORDS, random) : digits));
    default:
      return text.replace(/[\w-]+/g, (word) => (random.below(30) === 0 ? pick([...WORDS, ...HOSTILE_TEXTS], random) : word));
  }
}

export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const result = Array.from(bytes);
  for (let times = 1 + random.below(6); times > 0; times--) {
    const at = random.below(result.length + 1);
    const length = random.below(24);
    const kind = random.below(5);
    if (kind === 0) result[at] = random.below(256);
    else if (kind === 1) result.splice(at, length);
    else if (kind === 2) result.splice(at, 0, ...result.slice(at, at + length));
    else if (kind === 3) result.splice(at, 0, ...Array.from({ length }, () => pick([0, 255, 10, 13, 32, 48, 58, 128], random)));
    else result[at] = (result[at] ?? 0) ^ (1 << random.below(8));
  }
  return Uint8Array.from(result.slice(0, 100_000).map((value) => value ?? 0));
}

/** A copy in which some values are others: of their own kind, of another, or none. */
export function mutateJson(value: unknown, random: Random): unknown {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const root = { value: structuredClone(value) } as Record<string, unknown>;
  collect(root, places);
  for (let times = 1 + random.below(5); times > 0; times--) {
    const { holder, key } = places[random.below(places.length)] as (typeof places)[number];
    change(holder, key, random);
  }
  return root['value'];
}

function collect(holder: Record<string, unknown>, places: { holder: Record<string, unknown>; key: string }[]): void {
  for (const key of Object.keys(holder)) {
    places.push({ holder, key });
    const below = holder[key];
    if (typeof below === 'object' && below !== null) collect(below as Record<string, unknown>, places);
  }
}

function change(holder: Record<string, unknown>, key: string, random: Random): void {
  const value = holder[key];
  const kind = random.below(6);
  if (kind === 0) delete holder[key];
  else if (kind === 1) holder[key] = pick<unknown>([null, [], {}, true, '', 0], random);
  else if (kind === 2 && Array.isArray(value)) holder[key] = [...(value as unknown[]), ...(value as unknown[])].slice(0, 2000);
  else if (typeof value === 'number') holder[key] = random.below(3) === 0 ? -value : pick(HOSTILE_NUMBERS, random);
  else if (typeof value === 'string') holder[key] = random.below(2) === 0 ? pick(HOSTILE_TEXTS, random) : mutateText(value, random);
  else if (kind === 3) holder[pick(HOSTILE_TEXTS, random)] = pick<unknown>([...HOSTILE_TEXTS, ...HOSTILE_NUMBERS], random);
}

export function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)] as T;
}
