/** Errors that a user can meet, with their place and their fix; the sentences are in error-table.ts. */
import { errorTable, type ErrorEntry, type ExitCode } from './error-table.ts';

export { EXIT, type ExitCode } from './error-table.ts';

export type ErrorCode = keyof typeof errorTable;

/** Where in a user's file an error lies; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** An error that is the user's or the machine's, not a bug: printed without a stack trace. */
export class MeshtaxError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;
  readonly exit: ExitCode;
  readonly place: Place | undefined;

  constructor(code: ErrorCode, values: Record<string, string | number> = {}, more: { place?: Place; cause?: unknown } = {}) {
    const entry: ErrorEntry = errorTable[code];
    super(fill(entry.sentence, values), more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'MeshtaxError';
    this.code = code;
    this.fix = fill(entry.fix, values);
    this.exit = entry.exit;
    this.place = more.place;
  }
}

export function errorCodes(): readonly ErrorCode[] {
  return Object.keys(errorTable) as ErrorCode[];
}

/** `file:line:col: CODE sentence`, then the fix on its own line. */
export function formatError(error: MeshtaxError): string {
  return `${formatPlace(error.place)}${error.code} ${error.message}\n  fix: ${error.fix}`;
}

export function formatPlace(place: Place | undefined): string {
  if (place === undefined) return '';
  const position = place.line === undefined ? '' : `:${place.line}:${place.column ?? 1}`;
  return `${place.file}${position}: `;
}

/** The sentence of any thrown value, for use inside another sentence; of what a schema refuses, the first. */
export function reasonOf(error: unknown): string {
  const [issue] = (error as { issues?: readonly { path: readonly PropertyKey[]; message: string }[] } | undefined)?.issues ?? [];
  if (issue) return `${issue.path.map(String).join('.') || 'the document'}: ${issue.message.replace(/^Invalid input: /, '')}`;
  return error instanceof Error ? error.message : String(error);
}

function fill(sentence: string, values: Record<string, string | number>): string {
  const filled = sentence.replace(/\{(\w+)\}/g, (whole, key: string) => (key in values ? String(values[key]) : whole));
  // A problem that brings its own full stop must not double ours.
  return filled.replace(/\.\.(?!\.)/g, '.');
}
