import { isAtLeast, type LintFacts, type LintFinding, type LintRule, type ResourceDocument } from '../document.ts';

/** CiliumNetworkPolicies that do less, or more, than they seem to. */
export const ciliumPolicies: LintRule = {
  id: 'cilium-policies',
  title: 'policies that do less, or deny more, than they seem to',
  judge(document, facts) {
    if (document.kind !== 'resource' || !/^Cilium(Clusterwide)?NetworkPolicy$/.test(document.resource)) return [];
    const specs = (
      document.object['spec'] === undefined ? ((document.object['specs'] as unknown[] | undefined) ?? []) : [document.object['spec']]
    ) as (Spec | null)[];
    return specs.flatMap((written, index) => {
      const spec = complete(written);
      const at = document.object['spec'] === undefined ? ['specs', index] : ['spec'];
      return [...emptyLists(document, spec, at, facts), ...dns(document, spec, at), ...layerSeven(document, spec, at, facts)];
    });
  },
};

/** What a writer left empty is nothing, not an error of ours. */
function complete(written: Spec | null): Spec {
  const rules = (list: readonly (Rule | null)[] | null | undefined): Pick<Spec, 'ingress'>['ingress'] =>
    list?.map((rule) => ({ ...rule, toPorts: rule?.toPorts ?? [] }));
  const { ingress: into, egress: outOf, ...others } = written ?? {};
  const [ingress, egress] = [rules(into), rules(outOf)];
  return { ...others, ...(ingress ? { ingress } : {}), ...(egress ? { egress } : {}) };
}

interface PortRule {
  readonly ports?: readonly { readonly port?: string; readonly protocol?: string; readonly endPort?: number }[];
  readonly rules?: Readonly<Record<string, unknown>>;
}

interface Rule {
  readonly toPorts?: readonly PortRule[];
  readonly toFQDNs?: unknown;
}

interface Spec {
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
  readonly enableDefaultDeny?: Readonly<Record<string, boolean>>;
}

type At = readonly (string | number)[];

/** `ingress: []` looks like "nothing may come in"; default deny is only set where a list has an entry. */
function emptyLists(document: ResourceDocument, spec: Spec, at: At, { cilium }: LintFacts): LintFinding[] {
  return (['ingress', 'egress'] as const).flatMap((direction): LintFinding[] => {
    if (spec[direction] === undefined || spec[direction].length > 0) return [];
    const effect = isAtLeast(cilium, '1.20') ? 'is refused since Cilium 1.20' : 'denies nothing';
    return [
      {
        level: 'error',
        place: document.placeOf([...at, direction]),
        what: `${direction}: [] ${effect}`,
        fix: `to deny everything write ${direction}: [{}]`,
      },
    ];
  });
}

/** Names are learnt by the DNS proxy, and it sees only what a rule with `rules.dns` sends to it. */
function dns(document: ResourceDocument, { egress = [], enableDefaultDeny }: Spec, at: At): LintFinding[] {
  const to53 = egress.filter(({ toPorts = [] }) => toPorts.some(({ ports = [] }) => ports.some(({ port }) => port === '53')));
  const learns = to53.some(({ toPorts = [] }) => toPorts.some(({ rules }) => rules?.['dns'] !== undefined));
  const named = egress.findIndex(({ toFQDNs }) => toFQDNs !== undefined);
  if (named >= 0 && !learns)
    return [
      {
        level: 'error',
        place: document.placeOf([...at, 'egress', named, 'toFQDNs']),
        what: 'toFQDNs without a rule to port 53 that has rules.dns: no name is ever learnt, and everything is dropped',
        fix: 'add `rules: { dns: [{ matchPattern: "*" }] }` to the rule for port 53',
      },
    ];
  // A rule without ports lets port 53 through as well, to whom it names; a name or a range of ports may mean it.
  const mayAllow = egress.some(
    ({ toPorts = [] }) =>
      toPorts.length === 0 ||
      toPorts.some(({ ports = [] }) => ports.some(({ port = '', endPort }) => endPort !== undefined || !/^\d+$/.test(port))),
  );
  if (egress.length > 0 && to53.length === 0 && !mayAllow && enableDefaultDeny?.['egress'] !== false)
    return [
      {
        level: 'warning',
        place: document.placeOf([...at, 'egress']),
        what: 'egress is limited and nothing allows port 53: names cannot be looked up any more',
        fix: 'allow UDP and TCP 53 to kube-dns',
      },
    ];
  return [];
}

function layerSeven(document: ResourceDocument, spec: Spec, at: At, { cilium }: LintFacts): LintFinding[] {
  return (['ingress', 'egress'] as const).flatMap((direction) =>
    (spec[direction] ?? []).flatMap(({ toPorts = [] }, index) =>
      toPorts.flatMap(({ rules }, port): LintFinding[] => {
        const place = () => document.placeOf([...at, direction, index, 'toPorts', port, 'rules']);
        if (rules?.['http'] !== undefined && Array.isArray(rules['http']) && rules['http'].length === 0)
          return [
            {
              level: 'error',
              place: place(),
              what: 'rules.http: [] matches nothing',
              fix: 'to let every request through write http: [{}]',
            },
          ];
        const gone = ['kafka', 'l7', 'l7proto'].find((each) => rules?.[each] !== undefined);
        if (gone !== undefined && isAtLeast(cilium, '1.20'))
          return [{ level: 'error', place: place(), what: `rules.${gone} is gone since Cilium 1.20`, fix: 'only http and dns are left' }];
        return [];
      }),
    ),
  );
}
