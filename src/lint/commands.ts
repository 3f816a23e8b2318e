/** Commands inside of text: found by their first words, wherever they stand in a line. */

/** The words after a command, or undefined when the line has none such. */
export function argumentsOf(line: string, command: readonly string[]): readonly string[] | undefined {
  const words = wordsOf(line);
  for (let at = 0; at + command.length <= words.length; at++) {
    if (command.every((word, index) => words[at + index] === word)) {
      const rest = words.slice(at + command.length);
      const end = rest.findIndex((word) => /^(\||\|\||&&|;|#|>|`)/.test(word));
      return end < 0 ? rest : rest.slice(0, end);
    }
  }
  return undefined;
}

export interface Flag {
  readonly name: string;
  readonly value: string | undefined;
}

/** `--name value`, `--name=value`, `-n value`; a word that is no flag ends nothing. */
export function flagsOf(words: readonly string[]): readonly Flag[] {
  return words.flatMap((word, index): Flag[] => {
    const short = /^-([a-zA-Z])([^-=].*)$/.exec(word); // -ojson
    if (short) return [{ name: short[1] as string, value: short[2] }];
    const match = /^--?([a-zA-Z][\w-]*)(?:=(.*))?$/.exec(word);
    if (!match) return [];
    const next = words[index + 1];
    return [{ name: match[1] as string, value: match[2] ?? (next === undefined || next.startsWith('-') ? undefined : next) }];
  });
}

/** Split at blanks, quotes kept together and taken off. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    .map(([, double, single, plain]) => (double ?? single ?? plain ?? '').replace(/^[$`(]+|[`)]+$/g, ''))
    .filter((word) => word !== '');
}
