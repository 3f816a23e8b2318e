import { isAtLeast, type LintFacts, type LintFinding, type LintRule, type ResourceDocument } from '../document.ts';

/** CiliumNetworkPolicies that do less, or more, than they seem to. */
export const ciliumPolicies: LintRule = {
  id: 'cilium-policies',
  title: 'policies that do less, or deny more, than they seem to',
  judge(document, facts) {
    if (document.kind !== 'resource' || !/^Cilium(Clusterwide)?NetworkPolicy$/.test(document.resource)) return [];
    const specs = (
      document.object['spec'] === undefined ? ((document.object['specs'] as unknown[] | undefined) ?? []) : [document.object['spec']]
    ) as Spec[];
    return specs.flatMap((spec, index) => {
      const at = document.object['spec'] === undefined ? ['specs', index] : ['spec'];
      return [...emptyLists(document, spec, at, facts), ...dns(document, spec, at), ...layerSeven(document, spec, at, facts)];
    });
  },
};

interface PortRule {
  readonly ports?: readonly { readonly port?: string; readonly protocol?: string }[];
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
  if (egress.length > 0 && to53.length === 0 && enableDefaultDeny?.['egress'] !== false)
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
