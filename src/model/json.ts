/** Text that may or may not be JSON; what becomes of it a schema says. Undefined: it is none. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
