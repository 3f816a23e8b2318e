import { argumentsOf, flagsOf } from '../commands.ts';
import type { LintFinding, LintRule } from '../document.ts';

/** `hubble observe` with flags, protocols and pods as the program takes them. */
export const hubbleCommands: LintRule = {
  id: 'hubble-commands',
  title: 'flags and filters of hubble observe',
  judge(document, { names }) {
    if (document.kind !== 'text') return [];
    return document.lines.flatMap(({ text, place }): LintFinding[] => {
      const args = argumentsOf(text, ['hubble', 'observe']);
      if (!args) return [];
      const flags = flagsOf(args);
      const error = (what: string, fix: string): LintFinding => ({ level: 'error', place, what, fix });
      const findings: LintFinding[] = [];
      for (const { name, value } of flags) {
        if (name.length > 1 && !names.hubbleObserveFlags.includes(name))
          findings.push(
            error(
              `hubble observe has no flag --${name}`,
              /^(from|to)$/.test(name) ? `write --${name}-pod namespace/name or --${name}-label key=value` : 'see `hubble observe --help`',
            ),
          );
        if (name === 'protocol' && value !== undefined && !names.hubbleProtocols.includes(value.toLowerCase()))
          findings.push(
            error(
              `--protocol ${value} is not known`,
              value.toLowerCase() === 'grpc'
                ? 'gRPC is HTTP here: --protocol http --http-path /package.Service/Method'
                : `use one of ${names.hubbleProtocols.join(', ')}`,
            ),
          );
        if (
          (name === 'type' || name === 't') &&
          value !== undefined &&
          !names.hubbleTypes.includes((value.split(':')[0] ?? '').toLowerCase())
        )
          findings.push(error(`--type ${value} is not known`, `use one of ${names.hubbleTypes.join(', ')}`));
        if (
          /^(from-|to-)?pod$/.test(name) &&
          value !== undefined &&
          !value.includes('/') &&
          flags.some((each) => each.name === 'namespace' || each.name === 'n')
        )
          findings.push(
            error(`--${name} ${value} means the namespace default, whatever --namespace says`, `write --${name} namespace/${value}`),
          );
      }
      return findings;
    });
  },
};
