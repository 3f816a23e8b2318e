/** A command's surroundings in memory: silent, never interrupted, on the families that a test needs. */
import type { App, Families } from '../src/cli/app.ts';
import type { System } from '../src/model/ports.ts';

export function fakeApp(system: System, families: Families, more: Partial<App> = {}): App {
  return {
    system,
    families,
    version: '0.0.0',
    argv: [],
    out: () => {},
    err: () => {},
    pass: () => {},
    hash: (text) => String(text.length),
    progress: () => () => {},
    interruption: new AbortController().signal,
    ...more,
  };
}
