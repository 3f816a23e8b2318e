import { isAtLeast, type LintFacts, type LintFinding, type LintRule, type PlacedKey } from '../document.ts';

/** Values that a chart refuses, or that do not do what they say. */
export const helmValues: LintRule = {
  id: 'helm-values',
  title: 'values that the chart refuses or that contradict each other',
  judge(document, facts) {
    if (document.kind !== 'values' || document.chart !== 'cilium') return [];
    const keys = new Map(document.keys.map((key) => [key.path, key]));
    return [...replacement(keys, facts), ...routing(keys), ...hubble(keys), ...encryption(keys, facts)];
  },
};

type Keys = ReadonlyMap<string, PlacedKey>;

const DISABLING = new Set(['strict', 'partial', 'probe', 'disabled']);

function replacement(keys: Keys, { cilium }: LintFacts): LintFinding[] {
  const key = keys.get('kubeProxyReplacement');
  if (!key) return [];
  const value = String(key.value);
  if (DISABLING.has(value) && isAtLeast(cilium, '1.16'))
    return [
      {
        level: 'error',
        place: key.place,
        what: `kubeProxyReplacement: ${value} makes the chart abort since Cilium 1.16`,
        fix: `write ${value === 'disabled' ? 'false' : 'true'}`,
      },
    ];
  if (value === 'true' && !keys.has('k8sServiceHost') && !keys.has('k8sServiceHostRef.name'))
    return [
      {
        level: 'warning',
        place: key.place,
        what: 'kubeProxyReplacement without k8sServiceHost: on a cluster without kube-proxy the agent cannot reach the API server',
        fix: 'set k8sServiceHost and k8sServicePort, or k8sServiceHost: auto',
      },
    ];
  return [];
}

function routing(keys: Keys): LintFinding[] {
  const mode = keys.get('routingMode');
  const needsNone =
    keys.get('nativeRoutingCIDRFromClusterPool')?.value === true ||
    keys.get('enableIPv4Masquerade')?.value === false ||
    keys.get('ipv4.enabled')?.value === false ||
    keys.get('ipMasqAgent.enabled')?.value === true ||
    ['eni', 'azure', 'alibabacloud'].some((mode) => mode === keys.get('ipam.mode')?.value);
  if (mode?.value !== 'native' || keys.has('ipv4NativeRoutingCIDR') || needsNone) return [];
  return [
    {
      level: 'error',
      place: mode.place,
      what: 'routingMode: native without ipv4NativeRoutingCIDR: the agent does not start',
      fix: 'set it to the range of pod addresses',
    },
  ];
}

function hubble(keys: Keys): LintFinding[] {
  const findings: LintFinding[] = [];
  const metrics = keys.get('hubble.metrics.enabled');
  const names = Array.isArray(metrics?.value) ? metrics.value.map((each) => String(each).split(':')[0]) : [];
  if (metrics && names.includes('http'))
    findings.push({
      level: 'warning',
      place: metrics.place,
      what: names.includes('httpV2') ? 'http and httpV2 count the same twice' : 'the handler http is deprecated since 1.13',
      fix: 'name httpV2 alone',
    });
  const capacity = keys.get('hubble.eventBufferCapacity');
  if (capacity && !Number.isInteger(Math.log2(Number(capacity.value) + 1)))
    findings.push({
      level: 'error',
      place: capacity.place,
      what: `hubble.eventBufferCapacity: ${String(capacity.value)} is not 2^n-1`,
      fix: 'for instance 4095 or 65535',
    });
  const ui = keys.get('hubble.ui.enabled');
  if (ui?.value === true && keys.get('hubble.ui.standalone.enabled')?.value !== true && keys.get('hubble.relay.enabled')?.value !== true)
    findings.push({
      level: 'error',
      place: ui.place,
      what: 'hubble.ui without hubble.relay makes the chart abort',
      fix: 'set hubble.relay.enabled: true',
    });
  return findings;
}

function encryption(keys: Keys, { cilium }: LintFacts): LintFinding[] {
  const type = keys.get('encryption.type');
  const allowed = ['ipsec', 'wireguard', ...(isAtLeast(cilium, '1.19') ? ['ztunnel'] : [])];
  if (type && !allowed.includes(String(type.value)))
    return [
      {
        level: 'error',
        place: type.place,
        what: `encryption.type: ${String(type.value)} is none of ${allowed.join(', ')}`,
        fix: 'choose one of them',
      },
    ];
  const spire = keys.get('authentication.mutual.spire.enabled');
  if (spire?.value === true && isAtLeast(cilium, '1.20'))
    return [
      {
        level: 'warning',
        place: spire.place,
        what: 'mutual authentication by SPIRE is deprecated in 1.20 and announced to go in 1.21; it is no encryption',
        fix: 'build no comparison on it',
      },
    ];
  return [];
}
