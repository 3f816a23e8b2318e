/** What Istio's datapaths share: is it there, which version, and what its proxies say of themselves. */
import { z } from 'zod';
import type { KubernetesApi, MeshRelease } from '../../model/contracts/kubernetes.ts';
import { MeshtaxError } from '../../model/errors.ts';
import { HOW } from './manifests.ts';

export const ISTIO_VERSIONS = ['1.30.3', '1.29.6'] as const;
export const ISTIO_NAMESPACE = 'istio-system';

/** Options of every Istio datapath. */
export const istioOptions = {
  mode: z.enum(HOW).default('use').describe('use: the Istio that is there, as found; install: the pinned charts, removed again'),
  version: z.enum(ISTIO_VERSIONS).default('1.30.3').describe('of the charts, for mode: install'),
};

interface Workload {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] } };
  };
  readonly status: { readonly readyReplicas?: number; readonly numberReady?: number };
}

/** @throws MeshtaxError MT5007 where there is no control plane. */
export async function requireIstio(api: KubernetesApi, arm: string): Promise<{ readonly istiod: string; readonly mesh: MeshConfig }> {
  const istiod = await api.find<Workload>(`/apis/apps/v1/namespaces/${ISTIO_NAMESPACE}/deployments/istiod`);
  if (!istiod || (istiod.status.readyReplicas ?? 0) === 0)
    throw new MeshtaxError('MT5007', { arm, context: api.context, problem: `there is no ready istiod in ${ISTIO_NAMESPACE}` });
  const config = await api.find<{ data: Readonly<Record<string, string>> }>(`/api/v1/namespaces/${ISTIO_NAMESPACE}/configmaps/istio`);
  return { istiod: istiod.spec.template.spec.containers[0]?.image ?? '', mesh: readMeshConfig(config?.data['mesh'] ?? '') };
}

export interface MeshConfig {
  /** Istio's own filters count requests (`istio_requests_total`). Without them Envoy's own counters are asked. */
  readonly countsRequests: boolean;
  readonly accessLog: boolean;
}

/** Of the ConfigMap `istio`, key `mesh`: only what is looked for; its other keys are the user's. */
export function readMeshConfig(yaml: string): MeshConfig {
  const providers = /^defaultProviders:\n((?:[ -].*\n?)*)/m.exec(yaml)?.[1] ?? '';
  return {
    countsRequests: /metrics:\s*\n(?:\s*-\s*\S+\n)*\s*-\s*prometheus/.test(providers),
    accessLog: /^accessLogFile:\s*["']?\/\S+/m.test(yaml) || /accessLogging:/.test(providers),
  };
}

export function istioReleases(
  version: string,
  folder: string,
  charts: readonly ('istio-base' | 'istiod' | 'istio-cni' | 'ztunnel')[],
): readonly MeshRelease[] {
  const values = {
    'istio-base': 'istio-sidecar/base.yaml',
    istiod: `${folder}/istiod.yaml`,
    'istio-cni': `${folder}/cni.yaml`,
    ztunnel: `${folder}/ztunnel.yaml`,
  };
  return charts.map((chart) => ({ release: chart, namespace: ISTIO_NAMESPACE, chart, version, values: values[chart] }));
}
