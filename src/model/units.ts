/** Quantities as people write them (`3s`, `16KiB`, `500/s`) and as the program holds them (ns, bytes, per second). */
import { z } from 'zod';

const durationNsOf = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 } as const;
const bytesOf = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, kB: 1000, MB: 1e6 } as const;

export function parseDurationNs(text: string): number | undefined {
  return scaled(text, durationNsOf);
}

export function parseBytes(text: string): number | undefined {
  return scaled(text, bytesOf);
}

export function parseRatePerSecond(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(k?)\/s$/.exec(text.trim());
  return match ? Number(match[1]) * (match[2] === 'k' ? 1000 : 1) : undefined;
}

/** A duration such as `250ms`, at least `min` and at most `max` ns; parsed to nanoseconds. */
export function durationNs(range: { min: number; max: number }) {
  return quantity(parseDurationNs, 'a duration with its unit, for instance 250ms or 3s', range, formatDuration);
}

/** A size such as `16KiB`; parsed to bytes. */
export function bytes(range: { min: number; max: number }) {
  return quantity(parseBytes, 'a size with its unit, for instance 512B or 16KiB', range, (n) => `${n}B`);
}

/** A rate such as `500/s` or `2k/s`; parsed to requests per second. */
export function ratePerSecond(range: { min: number; max: number }) {
  return quantity(parseRatePerSecond, 'a rate above zero with its unit, for instance 500/s', range, (n) => `${n}/s`);
}

export function formatDuration(ns: number): string {
  if (!Number.isFinite(ns)) return String(ns);
  const size = Math.abs(ns);
  if (size < 1e3) return `${round(ns)}ns`;
  if (size < 1e6) return `${round(ns / 1e3)}us`;
  if (size < 1e9) return `${round(ns / 1e6)}ms`;
  if (size < 120e9) return `${round(ns / 1e9)}s`;
  return `${Math.floor(ns / 60e9)}m${String(Math.round((ns % 60e9) / 1e9)).padStart(2, '0')}s`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function scaled(text: string, units: Record<string, number>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const factor = match?.[2] === undefined || !Object.hasOwn(units, match[2]) ? undefined : units[match[2]];
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

function quantity(
  parse: (text: string) => number | undefined,
  expected: string,
  range: { min: number; max: number },
  show: (value: number) => string,
) {
  return z
    .string({ error: `expected ${expected}` })
    .max(32)
    .transform((text, context) => {
      const value = parse(text);
      if (value === undefined) {
        context.addIssue({ code: 'custom', message: `expected ${expected}, found "${text}"` });
        return z.NEVER;
      }
      if (value < range.min || value > range.max) {
        context.addIssue({ code: 'custom', message: `expected between ${show(range.min)} and ${show(range.max)}, found "${text}"` });
        return z.NEVER;
      }
      return value;
    });
}
