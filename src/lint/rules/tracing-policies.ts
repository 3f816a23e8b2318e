import type { LintFinding, LintRule } from '../document.ts';

/** Files that nearly every program reads: to kill whoever does is to kill the node. */
const READ_BY_ALL = /^\/(etc(\/(passwd|group|nsswitch\.conf|ld\.so\.cache|resolv\.conf|hosts))?\/?$|usr\/?$|(lib|proc|bin)(\/|$))/;

/** TracingPolicies of Tetragon that end more than they should. */
export const tracingPolicies: LintRule = {
  id: 'tracing-policies',
  title: 'Sigkill on what every process does',
  judge(document) {
    if (document.kind !== 'resource' || !/^TracingPolicy(Namespaced)?$/.test(document.resource)) return [];
    const spec = (document.object['spec'] ?? {}) as { kprobes?: Hook[]; tracepoints?: Hook[]; podSelector?: unknown };
    return (['kprobes', 'tracepoints'] as const).flatMap((hooks) =>
      (spec[hooks] ?? []).flatMap(({ selectors = [] }, index) =>
        selectors.flatMap((selector, at): LintFinding[] => {
          const kills = selector.matchActions?.some(({ action }) => action === 'Sigkill') === true;
          const args = (selector.matchArgs ?? []).filter(({ operator = '' }) => !operator.startsWith('Not'));
          const values = args.flatMap(({ values: own = [] }) => own.map(String));
          const broad = values.filter((value) => READ_BY_ALL.test(value));
          const inSomePods =
            document.resource !== 'TracingPolicy' || spec.podSelector !== undefined || selector.matchNamespaces !== undefined;
          if (!kills || selector.matchBinaries !== undefined) return [];
          if (broad.length === 0 && (values.length > 0 || inSomePods)) return [];
          const place = document.placeOf(['spec', hooks, index, 'selectors', at]);
          const what =
            broad.length > 0
              ? `Sigkill for ${broad.join(', ')}, which nearly every program reads${inSomePods ? ' in the pods that are meant' : ''}`
              : 'Sigkill that nothing limits to some pods or programs';
          return [
            {
              level: inSomePods ? 'warning' : 'error',
              place,
              what,
              fix: 'use the action Post to look first; limit it by matchBinaries, or by podSelector and narrower values',
            },
          ];
        }),
      ),
    );
  },
};

interface Hook {
  readonly selectors?: readonly {
    readonly matchActions?: readonly { readonly action?: string }[];
    readonly matchArgs?: readonly { readonly operator?: string; readonly values?: readonly unknown[] }[];
    readonly matchBinaries?: unknown;
    readonly matchNamespaces?: unknown;
  }[];
}
