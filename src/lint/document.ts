/** What is linted, already read: values of a chart, an object of Kubernetes, or text with commands and queries in it. */
import type { Place } from '../model/errors.ts';

export interface PlacedKey {
  /** `hubble.relay.enabled`; dots inside of a key are escaped. */
  readonly path: string;
  readonly value: unknown;
  readonly place: Place;
}

export interface ValuesDocument {
  readonly kind: 'values';
  readonly file: string;
  /** Which chart they are for; undefined: of none that is known. */
  readonly chart: string | undefined;
  readonly keys: readonly PlacedKey[];
}

export interface ResourceDocument {
  readonly kind: 'resource';
  readonly file: string;
  readonly apiVersion: string;
  readonly resource: string;
  readonly object: Readonly<Record<string, unknown>>;
  placeOf(path: readonly (string | number)[]): Place;
}

/** One command or query of a text; a backslash at the end of a line joins it with the next. */
export interface TextDocument {
  readonly kind: 'text';
  readonly file: string;
  readonly lines: readonly { readonly text: string; readonly place: Place }[];
}

export type LintDocument = ValuesDocument | ResourceDocument | TextDocument;

/** What is known of the versions that are asked about. */
export interface LintFacts {
  readonly cilium: string;
  readonly istio: string;
  /** Path to type, by chart; absent: nothing is known of that chart. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly changes: readonly KeyChange[];
  readonly names: Names;
}

export interface KeyChange {
  readonly chart: string;
  readonly key: string;
  readonly gone?: string | undefined;
  readonly never?: boolean | undefined;
  readonly instead: string;
}

export interface Names {
  readonly hubbleObserveFlags: readonly string[];
  readonly hubbleProtocols: readonly string[];
  readonly hubbleTypes: readonly string[];
  readonly metrics: Readonly<Record<string, readonly string[]>>;
  readonly contextLabels: readonly string[];
  readonly scrapeLabels: readonly string[];
}

export interface LintFinding {
  readonly level: 'error' | 'warning';
  readonly place: Place;
  readonly what: string;
  readonly fix: string;
}

export interface LintRule {
  readonly id: string;
  readonly title: string;
  judge(document: LintDocument, facts: LintFacts): readonly LintFinding[];
}

/** Of `1.19.6` and `1.20`: whether the first is at least the second, by minor version. */
export function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
