/** Figures as text: one place, so that every renderer says the same. */

/** Three significant digits, no exponent. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toFixed(Math.min(digits, 6));
  return text.includes('.') && digits > 2 ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
}

export type FormatUnit = 'ns' | 'nsPer1000' | 'bytes' | 'perSecond' | 'perRequest';

interface Scale {
  readonly factor: number;
  readonly unit: string;
}

/** The unit in which a figure of this size is read best. */
export function scaleFor(unit: FormatUnit, size: number): Scale {
  switch (unit) {
    case 'ns':
      return Math.abs(size) >= 1e6 ? { factor: 1e6, unit: 'ms' } : { factor: 1e3, unit: 'us' };
    case 'nsPer1000':
      return { factor: 1e6, unit: 'ms' };
    case 'bytes':
      return { factor: 1024 * 1024, unit: 'MiB' };
    case 'perSecond':
      return { factor: 1, unit: '/s' };
    case 'perRequest':
      return { factor: 1, unit: '' };
  }
}

export function formatValue(unit: FormatUnit, value: number, scale = scaleFor(unit, value)): string {
  return `${significant(value / scale.factor)} ${scale.unit}`.trim();
}

export function formatSigned(unit: FormatUnit, value: number, scale = scaleFor(unit, value)): string {
  return `${value > 0 ? '+' : ''}${formatValue(unit, value, scale)}`;
}

/** `+0.53 ms [+0.50, +0.56]`, all three in one unit. */
export function formatDifference(unit: FormatUnit, interval: { estimate: number; low: number; high: number }): string {
  const scale = scaleFor(unit, interval.estimate);
  const bare = (value: number) => `${value > 0 ? '+' : ''}${significant(value / scale.factor)}`;
  return `${formatSigned(unit, interval.estimate, scale)} [${bare(interval.low)}, ${bare(interval.high)}]`;
}

/** `0.84 ms ± 2 %`: half the interval's width as a share of the estimate. */
export function formatEstimate(unit: FormatUnit, interval: { estimate: number; low: number; high: number }): string {
  const half = (interval.high - interval.low) / 2;
  const share = interval.estimate === 0 ? 0 : Math.abs(half / interval.estimate) * 100;
  return `${formatValue(unit, interval.estimate)} ±${share < 10 ? Math.round(share * 10) / 10 : Math.round(share)} %`;
}

/** `3.01x [1.72, 5.27]`: what verdicts rest on, where there is a ratio. */
export function formatRatioInterval({ estimate, low, high }: { estimate: number; low: number; high: number }): string {
  const short = (ratio: number) => ratio.toFixed(ratio < 10 ? 2 : 1);
  return `${short(estimate)}x [${short(low)}, ${short(high)}]`;
}
