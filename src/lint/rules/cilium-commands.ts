import { argumentsOf, flagsOf } from '../commands.ts';
import { isAtLeast, type LintFinding, type LintRule } from '../document.ts';

/** Since then the program inside of the agent is called so. */
const RENAMED = '1.15';
const INSIDE = new Set(['endpoint', 'bpf', 'identity', 'monitor', 'service', 'map', 'config', 'policy']);

/** Commands of cilium, cilium-dbg and tetra that no longer are, or that are another program's. */
export const ciliumCommands: LintRule = {
  id: 'cilium-commands',
  title: 'commands of cilium and tetra',
  judge(document, { cilium }) {
    if (document.kind !== 'text') return [];
    return document.lines.flatMap(({ text, place }): LintFinding[] => {
      const error = (what: string, fix: string): LintFinding[] => [{ level: 'error', place, what, fix }];
      if (argumentsOf(text, ['cilium', 'policy', 'trace']) ?? argumentsOf(text, ['cilium-dbg', 'policy', 'trace']))
        return isAtLeast(cilium, '1.14')
          ? error('`cilium policy trace` was removed in 1.14', 'use `hubble observe --verdict DROPPED -o json`, which names the policies')
          : [];
      const install = argumentsOf(text, ['cilium', 'install']);
      const version =
        install &&
        flagsOf(install)
          .find(({ name }) => name === 'version')
          ?.value?.replace(/^v/, '');
      if (version !== undefined && !isAtLeast(version, '1.17'))
        return error(
          `cilium-cli 0.19 installs 1.17 and newer, not ${version}`,
          'use a supported version, or Helm with the chart of that version',
        );
      if (/\bcilium status\b[^|]*\|\s*grep\s+(-\w+\s+)*['"]?kube-?proxy/i.test(text) && !/kubectl/.test(text))
        return error(
          'the line KubeProxyReplacement is printed by the program in the agent, not by cilium-cli',
          'kubectl -n kube-system exec ds/cilium -- cilium-dbg status | grep KubeProxyReplacement',
        );
      const inside = /\bkubectl\b.*\bexec\b.*--\s+cilium\s+(\w+)/.exec(text)?.[1];
      if (inside !== undefined && INSIDE.has(inside) && isAtLeast(cilium, RENAMED))
        return error(`inside of the agent the program is cilium-dbg since ${RENAMED}`, `write cilium-dbg ${inside}`);
      const events = argumentsOf(text, ['tetra', 'getevents']);
      if (events && flagsOf(events).some(({ name }) => name === 'process-type'))
        return error('tetra getevents has no flag --process-type', 'write --event-types PROCESS_EXEC');
      return [];
    });
  },
};
