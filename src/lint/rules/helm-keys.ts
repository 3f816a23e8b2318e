import { isAtLeast, type LintFacts, type LintFinding, type LintRule, type PlacedKey, type ValuesDocument } from '../document.ts';

/** Helm ignores keys that a chart does not have: the installation succeeds and nothing changes. */
export const helmKeys: LintRule = {
  id: 'helm-keys',
  title: 'every key of the values is one of the chart’s',
  judge(document, facts) {
    if (document.kind !== 'values') return [];
    const { chart } = document;
    if (chart === undefined) return unrecognised(document, facts);
    const known = facts.keys.get(chart);
    if (!known) return [];
    const leaves = document.keys.filter(({ path }) => !document.keys.some((other) => other.path.startsWith(`${path}.`)));
    return leaves.flatMap((key) => judgeKey(key, chart, known, facts));
  },
};

function unrecognised({ keys: [first] }: ValuesDocument, { keys }: LintFacts): LintFinding[] {
  if (!first) return [];
  const charts = [...keys.keys()].join(', ');
  return [
    { level: 'warning', place: first.place, what: `these are values of no chart that is known (${charts})`, fix: 'name it with --chart' },
  ];
}

function judgeKey({ path, place }: PlacedKey, chart: string, known: ReadonlyMap<string, string>, facts: LintFacts): LintFinding[] {
  const version = chart === 'cilium' ? facts.cilium : facts.istio;
  const change = facts.changes.find((each) => each.chart === chart && each.key === path);
  if (change?.never === true)
    return [
      {
        level: 'error',
        place,
        what: `${path}: no version of the chart ${chart} ever had this key, and Helm ignores it`,
        fix: `write ${change.instead}`,
      },
    ];
  if (change?.gone !== undefined && isAtLeast(version, change.gone))
    return [
      { level: 'error', place, what: `${path}: gone since ${chart} ${change.gone}, and Helm ignores it`, fix: `write ${change.instead}` },
    ];
  if (isKnown(path, known)) return [];
  const near = nearest(path, known);
  return [
    {
      level: 'error',
      place,
      what: `${path}: the chart ${chart} ${version} has no such key, and Helm ignores it`,
      fix: near === undefined ? 'take it out' : `did you mean ${near}?`,
    },
  ];
}

/** Below a map that takes any key, and below fields that belong to another API, everything is allowed. */
function isKnown(path: string, known: ReadonlyMap<string, string>): boolean {
  if (known.has(path) || OF_KUBERNETES.test(path)) return true;
  const parts = path.split('.');
  for (let length = parts.length - 1; length > 0; length--) {
    const above = parts.slice(0, length).join('.');
    const type = known.get(above);
    if (type === 'open' || type === 'list' || type === 'any' || ELSEWHERE.has(above)) return true;
  }
  return ELSEWHERE.has(parts[0] ?? '');
}

/** Checked by somebody else: Istio's MeshConfig has an API of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['meshConfig', 'profile', 'platform', 'compatibilityVersion', '<<']);
/** Kubernetes' own types: a chart has a default for them and takes any. */
const OF_KUBERNETES =
  /(^|\.)(affinity|nodeSelector|tolerations|topologySpreadConstraints|resources|podSecurityContext|securityContext|updateStrategy|rollingUpdate|podAnnotations|podLabels|annotations|labels|extraEnv|env|extraVolumes|extraVolumeMounts|extraArgs|lifecycle|livenessProbe|readinessProbe|startupProbe|dnsConfig|seccompProfile)(\.|$)/;

/** The key that differs least; only if it is close enough to be a slip of the pen. */
function nearest(path: string, known: ReadonlyMap<string, string>): string | undefined {
  let best: { readonly key: string; readonly distance: number } | undefined;
  const last = path.split('.').at(-1) ?? path;
  for (const key of known.keys()) {
    const distance = key.endsWith(`.${last}`) ? 1.5 : editDistance(path.toLowerCase(), key.toLowerCase());
    if (!best || distance < best.distance) best = { key, distance };
  }
  return best && best.distance <= Math.max(2, path.length / 5) ? best.key : undefined;
}

/** Levenshtein. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length] as number;
}
