/**
 * A counter over a window, from samples that were taken at times of their own. cAdvisor samples at its housekeeping and
 * says when, so a window's edges lie between samples: what the counter moved inside is bounded from below by the samples
 * within the window and from above by those around it. Without a sample on either side there is no bound and no figure.
 */
export interface Point {
  /** Of the sample, Unix ms. */
  readonly atMs: number;
  readonly value: number;
}

export interface Moved {
  /** Interpolated at both edges. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** The slope of a least-squares line through the samples times the window: the same by another way. */
  readonly byRegression: number;
  readonly samples: number;
}

/** Fewer distinct samples inside of the window, and there is no rate. */
export const LEAST_SAMPLES = 3;

/** `edgeErrorMs`: how far the two clocks may be apart. Returns the reason where there is no figure. */
export function overWindow(points: readonly Point[], fromMs: number, toMs: number, edgeErrorMs = 0): Moved | string {
  const distinct = byTime(points);
  const inside = distinct.filter(({ atMs }) => atMs >= fromMs + edgeErrorMs && atMs <= toMs - edgeErrorMs);
  const windowMs = toMs - fromMs;
  if (inside.length < LEAST_SAMPLES)
    return `${inside.length} distinct samples in a window of ${Math.round(windowMs)} ms; ${LEAST_SAMPLES} are needed`;
  const before = distinct.findLast(({ atMs }) => atMs <= fromMs - edgeErrorMs);
  const after = distinct.find(({ atMs }) => atMs >= toMs + edgeErrorMs);
  if (!before || !after) return `no sample ${before ? 'after the end' : 'before the start'} of the window`;
  const within = distinct.filter(({ atMs }) => atMs >= before.atMs && atMs <= after.atMs);
  if (within.some((point, index) => point.value < (within[index - 1]?.value ?? point.value)))
    return 'the counter went back: it was restarted';
  const first = inside[0] as Point;
  const last = inside.at(-1) as Point;
  return {
    value: valueAt(within, toMs) - valueAt(within, fromMs),
    low: last.value - first.value,
    high: after.value - before.value,
    byRegression: slope(inside) * windowMs,
    samples: inside.length,
  };
}

/** In order of time, one per timestamp: two scrapes with one timestamp are one sample. */
function byTime(points: readonly Point[]): Point[] {
  const distinct = new Map(points.map((point) => [point.atMs, point]));
  return [...distinct.values()].sort((a, b) => a.atMs - b.atMs);
}

function valueAt(points: readonly Point[], atMs: number): number {
  const next = points.findIndex((point) => point.atMs >= atMs);
  const b = points[next] as Point;
  const a = points[next - 1];
  return a === undefined || b.atMs === atMs ? b.value : a.value + ((b.value - a.value) * (atMs - a.atMs)) / (b.atMs - a.atMs);
}

function slope(points: readonly Point[]): number {
  const meanAt = points.reduce((sum, { atMs }) => sum + atMs, 0) / points.length;
  const meanValue = points.reduce((sum, { value }) => sum + value, 0) / points.length;
  const [covariance, variance] = points.reduce(
    ([c, v], { atMs, value }) => [c + (atMs - meanAt) * (value - meanValue), v + (atMs - meanAt) ** 2] as const,
    [0, 0] as readonly [number, number],
  );
  return covariance / variance;
}
