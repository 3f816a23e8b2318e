/** What a user named. */

/** By a word of its own, or as the value of an option: the very path, nothing above or below it. */
export function isNamed(argv: readonly string[], path: string): boolean {
  return argv.some((word) => word === path || (word.startsWith('-') && word.endsWith(`=${path}`)));
}
