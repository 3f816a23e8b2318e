/** Everything that a run may ask a cluster for; `doctor` asks for each, and docs/kubernetes.md prints it as a role. */
export interface Permission {
  readonly verb: 'create' | 'delete' | 'get' | 'list' | 'patch';
  readonly resource: string;
  readonly subresource?: string;
  readonly clusterWide: boolean;
  readonly why: string;
  /** Only some options need it. */
  readonly optional?: true;
}

export const PERMISSIONS: readonly Permission[] = [
  { verb: 'create', resource: 'namespaces', clusterWide: true, why: 'one for the run, one for each datapath' },
  { verb: 'patch', resource: 'namespaces', clusterWide: true, why: 'the lease is renewed' },
  { verb: 'delete', resource: 'namespaces', clusterWide: true, why: 'everything of a run is removed' },
  { verb: 'list', resource: 'namespaces', clusterWide: true, why: 'leftovers are found by label' },
  { verb: 'create', resource: 'pods', clusterWide: true, why: 'client and server' },
  { verb: 'list', resource: 'pods', clusterWide: true, why: 'are they ready, and where' },
  { verb: 'create', resource: 'services', clusterWide: true, why: 'in front of the server' },
  { verb: 'create', resource: 'configmaps', clusterWide: true, why: 'the script of the pods' },
  { verb: 'list', resource: 'events', clusterWide: true, why: 'why a pod does not start' },
  { verb: 'create', resource: 'pods', subresource: 'exec', clusterWide: true, why: 'the generator is started in its pod' },
  { verb: 'get', resource: 'pods', subresource: 'proxy', clusterWide: true, why: 'counters of sidecars and ztunnels' },
  { verb: 'create', resource: 'pods', subresource: 'portforward', clusterWide: true, why: 'the way to Hubble Relay' },
  { verb: 'list', resource: 'nodes', clusterWide: true, why: 'placement' },
  { verb: 'get', resource: 'nodes', subresource: 'proxy', clusterWide: true, why: 'cAdvisor and whole-node figures' },
  {
    verb: 'list',
    resource: 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
    clusterWide: true,
    why: 'who changes pods',
    optional: true,
  },
  { verb: 'create', resource: 'daemonsets.apps', clusterWide: true, why: 'the node agent', optional: true },
  {
    verb: 'create',
    resource: 'peerauthentications.security.istio.io',
    clusterWide: true,
    why: 'strict or plaintext sidecars',
    optional: true,
  },
  { verb: 'create', resource: 'ciliumnetworkpolicies.cilium.io', clusterWide: true, why: 'HTTP rules of cilium-l7', optional: true },
  {
    verb: 'create',
    resource: 'clusterroles.rbac.authorization.k8s.io',
    clusterWide: true,
    why: 'charts, for mode: install',
    optional: true,
  },
  {
    verb: 'create',
    resource: 'customresourcedefinitions.apiextensions.k8s.io',
    clusterWide: true,
    why: 'charts, for mode: install',
    optional: true,
  },
];
