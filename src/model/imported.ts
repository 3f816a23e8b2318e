/** What the result file of another load generator says, in our units. */

/** From which moment a request's latency counts. */
export type ClockStart = 'intended' | 'send' | 'unknown';

export interface Imported {
  readonly tool: string;
  readonly toolVersion?: string | undefined;
  /** RFC 3339; undefined where the file does not say. */
  readonly startedAt?: string | undefined;
  readonly loop: 'open' | 'closed' | 'unknown';
  readonly clock: ClockStart;
  /** Samples that were made up afterwards, for requests that could not be sent. */
  readonly synthetic?: boolean | undefined;
  readonly requestedPerSecond?: number | undefined;
  readonly achievedPerSecond?: number | undefined;
  readonly connections?: number | undefined;
  readonly durationS?: number | undefined;
  readonly requests?: number | undefined;
  readonly errors?: number | undefined;
  /** Share below 1, and ns; sorted. Only what the file carries: nothing is interpolated here. */
  readonly percentiles: readonly (readonly [share: number, ns: number])[];
  /** Upper and lower bound of the bucket that a percentile was interpolated in, where it is coarse: share, low ns, high ns. */
  readonly coarse?: readonly (readonly [share: number, lowNs: number, highNs: number])[] | undefined;
}
