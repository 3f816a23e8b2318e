/** The claims of articles that a machine can check (rows of the claims table): each with an example that fails and one that passes. */
import { describe, expect, test } from 'vitest';
import { readFacts } from '../../../src/cli/lint.ts';
import { lintText } from '../../../src/lint/lint.ts';
import { system } from '../../../src/system/index.ts';

interface Claim {
  readonly row: string;
  readonly file: string;
  readonly wrong: string;
  readonly finding: RegExp;
  readonly right: string;
  readonly cilium?: string;
}

const policy = (spec: string) =>
  `apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: p }\nspec:\n  endpointSelector: {}\n${spec}`;
const DNS = `    - toEndpoints: [{ matchLabels: { k8s-app: kube-dns } }]\n      toPorts: [{ ports: [{ port: "53", protocol: ANY }], RULES }]\n`;
const FQDN = '    - toFQDNs: [{ matchName: example.test }]\n';
const killing = (args: string, action: string) => `apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: { name: t }
spec:
  kprobes:
    - call: security_file_open
      selectors:
        - matchArgs: [{ index: 0, operator: Prefix, values: [${args}] }]
          matchActions: [{ action: ${action} }]
  podSelector: { matchLabels: { app: web } }
`;

const CLAIMS: readonly Claim[] = [
  {
    row: '1 kubeProxyReplacement: strict',
    file: 'v.yaml',
    wrong: 'kubeProxyReplacement: strict\nk8sServiceHost: h\n',
    finding: /v\.yaml:1:1 .*abort since Cilium 1\.16.*write true/,
    right: 'kubeProxyReplacement: true\nk8sServiceHost: h\n',
  },
  {
    row: '2 hostServices.enabled',
    file: 'v.yaml',
    wrong: 'hostServices:\n  enabled: true\n',
    finding: /v\.yaml:2:3 .*gone since cilium 1\.12.*socketLB\.enabled/,
    right: 'socketLB:\n  enabled: true\n',
  },
  {
    row: '3 hubble.relay.bufferSize',
    file: 'v.yaml',
    wrong: 'hubble:\n  relay:\n    bufferSize: 4095\n',
    finding: /v\.yaml:3:5 .*no version.*eventBufferCapacity/,
    right: 'hubble:\n  eventBufferCapacity: 4095\n',
  },
  {
    row: '4 peerServiceConnectTimeout',
    file: 'v.yaml',
    wrong: 'hubble:\n  relay:\n    peerServiceConnectTimeout: 5s\n',
    finding: /v\.yaml:3:5 .*no version/,
    right: 'hubble:\n  relay:\n    enabled: true\n',
  },
  {
    row: '10 --protocol grpc',
    file: 'c.sh',
    wrong: 'hubble observe --protocol grpc',
    finding: /--protocol grpc is not known.*--http-path/,
    right: 'hubble observe --protocol http --http-path /shop.Cart/Get',
  },
  {
    row: '11 ingress: []',
    file: 'p.yaml',
    wrong: policy('  ingress: []\n'),
    finding: /p\.yaml:6:3 .*ingress: \[\] denies nothing.*ingress: \[\{\}\]/,
    right: policy('  ingress: [{}]\n'),
  },
  {
    row: '11 ingress: [] since 1.20',
    file: 'p.yaml',
    cilium: '1.20.0',
    wrong: policy('  ingress: []\n'),
    finding: /is refused since Cilium 1\.20/,
    right: policy('  ingress: [{}]\n'),
  },
  {
    row: '14 metric and labels',
    file: 'q.promql',
    wrong: 'histogram_quantile(0.99, rate(hubble_http_response_latency_seconds_bucket{namespace="x"}[5m]))',
    finding: /no metric hubble_http_response_latency_seconds_bucket.*hubble_http_request_duration_seconds_bucket/,
    right: 'rate(hubble_http_request_duration_seconds_bucket{method="GET"}[5m])',
  },
  {
    row: '15 reason="Policy denied"',
    file: 'q.promql',
    wrong: 'hubble_drop_total{reason="Policy denied"}',
    finding: /never matches.*POLICY_DENIED/,
    right: 'hubble_drop_total{reason="POLICY_DENIED"}',
  },
  {
    row: '15 labels without context',
    file: 'q.promql',
    wrong: 'hubble_drop_total{source_pods="x"}',
    finding: /no label source_pods/,
    right: 'hubble_drop_total{source_pod="x"}',
  },
  {
    row: '16 rcode',
    file: 'q.promql',
    wrong: 'hubble_dns_responses_total{rcode!="NoError"}',
    finding: /never matches.*"No Error"/,
    right: 'hubble_dns_responses_total{rcode!="No Error"}',
  },
  {
    row: '17 cilium policy trace',
    file: 'c.sh',
    wrong: 'cilium policy trace --src-ip 1.2.3.4',
    finding: /removed in 1\.14/,
    right: 'hubble observe --verdict DROPPED -o json',
  },
  {
    row: '18 --to-pod without namespace',
    file: 'c.sh',
    wrong: 'hubble observe --namespace shop --to-pod payment',
    finding: /means the namespace default.*namespace\/payment/,
    right: 'hubble observe --to-pod shop/payment',
  },
  {
    row: '22 --from and --to',
    file: 'c.sh',
    wrong: 'hubble observe --from pod=a --to app=b',
    finding: /no flag --from.*--from-pod/,
    right: 'hubble observe --from-pod shop/a --to-label app=b',
  },
  {
    row: '27 lost events',
    file: 'q.promql',
    wrong: 'hubble_observer_status_messages_total{type="flows-lost"}',
    finding: /no metric.*hubble_lost_events_total/,
    right: 'hubble_lost_events_total{source="hubble_ring_buffer"}',
  },
  {
    row: '32 no API server address',
    file: 'c.sh',
    wrong: 'helm install cilium cilium/cilium --set kubeProxyReplacement=true',
    finding: /without k8sServiceHost/,
    right: 'helm install cilium cilium/cilium --set kubeProxyReplacement=true --set k8sServiceHost=10.0.0.1',
  },
  {
    row: '33 toFQDNs without rules.dns',
    file: 'p.yaml',
    wrong: policy(`  egress:\n${DNS.replace(', RULES', '')}${FQDN}`),
    finding: /toFQDNs without a rule to port 53/,
    right: policy(`  egress:\n${DNS.replace('RULES', 'rules: { dns: [{ matchPattern: "*" }] }')}${FQDN}`),
  },
  {
    row: '34 cilium status | grep',
    file: 'c.sh',
    wrong: 'cilium status | grep -i kubeproxy',
    finding: /printed by the program in the agent/,
    right: 'kubectl -n kube-system exec ds/cilium -- cilium-dbg status | grep KubeProxyReplacement',
  },
  {
    row: '37 clusterMesh.enabled',
    file: 'c.sh',
    wrong: 'helm upgrade cilium cilium/cilium \\\n  --set clusterMesh.enabled=true',
    finding: /c\.sh:1:1 .*clusterMesh\.enabled.*clustermesh\.useAPIServer/,
    right: 'helm upgrade cilium cilium/cilium --set clustermesh.useAPIServer=true',
  },
  {
    row: '46 cilium install --version',
    file: 'c.sh',
    wrong: 'cilium install --version 1.16.0',
    finding: /1\.17 and newer, not 1\.16\.0/,
    right: 'cilium install --version 1.19.6',
  },
  {
    row: '51 Sigkill on /etc/passwd',
    file: 't.yaml',
    wrong: killing('/etc/passwd', 'Sigkill'),
    finding: /t\.yaml:8:11 .*Sigkill for \/etc\/passwd.*Post/,
    right: killing('/etc/passwd', 'Post'),
  },
  {
    row: '52 tetra --process-type',
    file: 'c.sh',
    wrong: 'tetra getevents --process-type exec',
    finding: /--event-types PROCESS_EXEC/,
    right: 'tetra getevents --event-types PROCESS_EXEC',
  },
];

const factsFor = (cilium = '1.19.6') =>
  readFacts(
    { system: { ...system, host: { ...system.host, projectRoot: new URL('../../..', import.meta.url).pathname } } },
    { cilium, istio: '1.30.3' },
  );
const told = async ({ file, cilium }: Claim, text: string) =>
  lintText(file, text, await factsFor(cilium)).map(({ place, what, fix }) => `${place.file}:${place.line}:${place.column} ${what}; ${fix}`);

describe('claims of articles', () => {
  test.each(CLAIMS.map((claim) => [claim.row, claim] as const))('row %s', async (_row, claim) => {
    expect((await told(claim, claim.wrong)).join('\n')).toMatch(claim.finding);
    expect(await told(claim, claim.right)).toEqual([]);
  });
});

describe('beyond the table', () => {
  const about = async (file: string, text: string, cilium?: string) =>
    lintText(file, text, await factsFor(cilium)).map(({ what, fix }) => `${what}; ${fix}`);

  test('a slip of the pen: the nearest key of the chart, with its line', async () => {
    expect(await about('v.yaml', 'hubble:\n  relay:\n    enabeld: true\n')).toEqual([
      expect.stringMatching(/hubble\.relay\.enabeld.*did you mean hubble\.relay\.enabled/),
    ]);
  });
  test('a file of something else is no chart’s values', async () => {
    expect(await about('compose.yaml', 'services:\n  web:\n    image: nginx\nvolumes: {}\n')).toEqual([
      expect.stringMatching(/values of no chart that is known.*name it with --chart/),
    ]);
  });
  test('keys that came later', async () => {
    const text = 'envoy:\n  clusterMaxPendingRequests: 5\n';
    expect(await about('v.yaml', text, '1.18.12')).toHaveLength(1);
    expect(await about('v.yaml', text, '1.20.0')).toEqual([]);
  });
  test('below a map that takes any key everything goes', async () => {
    expect(await about('v.yaml', 'podAnnotations:\n  whatever: x\nextraConfig:\n  a: b\n')).toEqual([]);
  });
  test('egress that forgets names', async () => {
    expect(await about('p.yaml', policy('  egress:\n    - toPorts: [{ ports: [{ port: "443" }] }]\n'))).toEqual([
      expect.stringMatching(/nothing allows port 53/),
    ]);
  });
  test.each([
    [
      'v.yaml',
      'affinity:\n  nodeAffinity: {}\nnodeSelector:\n  disk: ssd\nhubble:\n  relay:\n    podSecurityContext:\n      runAsUser: 1\n',
    ],
    ['v.yaml', 'routingMode: native\nenableIPv4Masquerade: false\n'],
    ['c.sh', 'helm install cilium cilium/cilium --set hubble.metrics.enabled="{dns,httpV2:exemplars=true;labelsContext=a\\,b}"'],
    ['c.sh', 'helm install tetragon cilium/tetragon --set tetragon.enabled=true'],
    ['c.sh', 'hubble observe -ojson --last 5'],
    ['r.md', 'run `hubble observe --follow` or `cilium status --wait`'],
    ['p.yaml', policy('  ingress:\n  egress:\n    - toEntities: [all]\n')],
    ['p.yaml', policy('  egress:\n    - null\n')],
    ['a.yaml', 'apiVersion: policy.linkerd.io/v1alpha1\nkind: AuthorizationPolicy\nmetadata: { name: x }\nspec: {}\n'],
    ['t.yaml', killing('/tmp/secret', 'Sigkill')],
  ])('valid input is left alone: %s', async (file, text) => expect(await about(file, text)).toEqual([]));
  test.each([
    ['an open brace', 'kubeProxyReplacement: false\nhubble: {enabled: true\n', /^no valid YAML: /],
    ['an alias of nothing', 'hubble: *missing\n', /^no valid YAML: Unresolved alias/],
    ['an open quote', 'hubble:\n  enabled: "true\nkubeProxyReplacement: false\n', /^no valid YAML: /],
  ])('half a file is judged by none of its halves: %s', async (_title, text, problem) => {
    expect(await about('v.yaml', text)).toEqual([expect.stringMatching(problem)]);
  });
  test('Sigkill: whom a policy names may be killed; pods that are named lose more than they should; a name is no folder', async () => {
    const inPods = killing('/etc/passwd', 'Sigkill');
    const of = async (text: string) => lintText('t.yaml', text, await factsFor()).map(({ level }) => level);
    expect(await of(inPods.replace(/ *podSelector.*/, ''))).toEqual(['error']);
    expect(await of(inPods)).toEqual(['warning']);
    expect(
      await of(inPods.replace('- matchArgs', '- matchBinaries: [{ operator: In, values: [/usr/bin/nc] }]\n          matchArgs')),
    ).toEqual([]);
    expect(await of(killing('/library/key', 'Sigkill'))).toEqual([]);
  });
  test('the items of a list, as kubectl writes one, each in its place', async () => {
    const item = 'apiVersion: security.istio.io/v1\n  kind: AuthorizationPolicy\n  metadata: { name: a }\n  spec: {}\n';
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${item}- ${item}`;
    const places = lintText('l.yaml', list, await factsFor()).map(({ place, what }) => `${place.line} ${what}`);
    expect(places).toEqual([expect.stringMatching(/^7 .*denies every request/), expect.stringMatching(/^11 .*denies every request/)]);
  });
  test('Istio: an ALLOW without rules, and a mode that takes both', async () => {
    const resource = (kind: string, spec: string) =>
      `apiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: { name: x }\nspec: ${spec}\n`;
    expect(await about('a.yaml', resource('AuthorizationPolicy', '{}'))).toEqual([expect.stringMatching(/denies every request/)]);
    expect(await about('a.yaml', resource('AuthorizationPolicy', '{ rules: [{}] }'))).toEqual([]);
    expect(await about('a.yaml', resource('PeerAuthentication', '{ mtls: { mode: PERMISSIVE } }'))).toEqual([
      expect.stringMatching(/takes plaintext too/),
    ]);
    expect(await about('a.yaml', resource('PeerAuthentication', '{ mtls: { mode: STRICT } }'))).toEqual([]);
  });
});
