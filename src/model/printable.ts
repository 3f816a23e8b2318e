/**
 * Text of strangers on a terminal or in a text file: characters that move the cursor, colour, or turn the direction of writing are
 * shown by their number instead of being obeyed. In JSON the result means the same as before. Unicode categories Cc (but for
 * tab, line feed, and a carriage return before one) and the bidirectional controls (UAX #9).
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\t\n\r]|\r(?!\n)|[\u202A-\u202E\u2066-\u2069]/gu,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
