import type { LintFinding, LintRule } from '../document.ts';

/** Istio resources that deny or allow everything by what they leave out. */
export const istioResources: LintRule = {
  id: 'istio-resources',
  title: 'Istio resources that deny or allow everything by what they leave out',
  judge(document) {
    if (document.kind !== 'resource' || !document.apiVersion.startsWith('security.istio.io/')) return [];
    const spec = (document.object['spec'] ?? {}) as {
      action?: string;
      rules?: unknown[];
      mtls?: { mode?: string };
      portLevelMtls?: unknown;
      selector?: unknown;
    };
    const finding = (path: readonly string[], level: LintFinding['level'], what: string, fix: string): LintFinding[] => [
      { level, place: document.placeOf(path), what, fix },
    ];
    if (document.resource === 'AuthorizationPolicy' && (spec.action ?? 'ALLOW') === 'ALLOW' && (spec.rules ?? []).length === 0)
      return finding(
        ['spec'],
        'warning',
        'an ALLOW policy without rules denies every request',
        'write `rules: [{}]` to allow all, or say that it is meant',
      );
    if (document.resource === 'PeerAuthentication') {
      const mode = spec.mtls?.mode;
      if (mode === 'PERMISSIVE')
        return finding(
          ['spec'],
          'warning',
          'mode PERMISSIVE takes plaintext too: traffic need not be encrypted',
          'write STRICT or DISABLE where the two are compared',
        );
      if (spec.portLevelMtls !== undefined && spec.selector === undefined)
        return finding(
          ['spec', 'portLevelMtls'],
          'error',
          'portLevelMtls without a selector is ignored',
          'add the selector of the workload',
        );
    }
    return [];
  },
};
