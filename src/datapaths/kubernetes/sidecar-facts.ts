/** What a sidecar is really set to, read out of the configuration that istiod gave it. */

export interface SidecarFacts {
  readonly envoyVersion: string;
  readonly workers: number | null;
  readonly retries: number;
  readonly circuitBreakers: string;
  readonly accessLog: string;
  readonly tracing: string;
}

/** Istio's "no limit". */
const UNLIMITED = 4_294_967_295;

interface Dump {
  readonly configs?: readonly { readonly '@type'?: string; readonly [field: string]: unknown }[];
}

/** `host`: of the service that the requests go to. Both texts are JSON of Envoy's admin interface. */
export function sidecarFacts(configDump: string, serverInfo: string, host: string): SidecarFacts {
  const info = JSON.parse(serverInfo) as { version?: string; command_line_options?: { concurrency?: number } };
  const dump = JSON.parse(configDump) as Dump;
  const of = (type: string) => dump.configs?.filter((each) => each['@type']?.endsWith(`.${type}`)) ?? [];
  const routes = deep(of('RoutesConfigDump'), 'virtual_hosts').filter((each) => JSON.stringify(each).includes(host));
  const clusters = deep(of('ClustersConfigDump'), 'cluster').filter((each) => String((each as { name?: string }).name).includes(host));
  const retries = deep(routes, 'num_retries').map(Number);
  const thresholds = deep(clusters, 'thresholds') as { max_connections?: number; max_requests?: number }[];
  const listeners = of('ListenersConfigDump');
  const sampling = deep(listeners, 'random_sampling') as { value?: number }[];
  const limits = thresholds.map(({ max_connections: most = 1024 }) => most);
  const samplings = sampling.map(({ value = 0 }) => value);
  return {
    envoyVersion: info.version?.split('/')[1] ?? '',
    workers: info.command_line_options?.concurrency ?? null,
    retries: retries.length === 0 ? 0 : Math.max(...retries),
    circuitBreakers:
      limits.length === 0 ? 'none' : limits.every((most) => most === UNLIMITED) ? 'unlimited' : `${Math.min(...limits)} connections`,
    accessLog: deep(listeners, 'access_log').length > 0 ? 'on' : 'off',
    tracing: samplings.length === 0 || Math.max(...samplings) === 0 ? 'off' : `${Math.max(...samplings)} %`,
  };
}

/** All values of a key, however deep; lists are taken apart. */
function deep(node: unknown, key: string): unknown[] {
  if (Array.isArray(node)) return node.flatMap((each) => deep(each, key));
  if (node === null || typeof node !== 'object') return [];
  return Object.entries(node).flatMap(([name, value]) => [
    ...(name === key ? (Array.isArray(value) ? (value as unknown[]) : [value]) : []),
    ...deep(value, key),
  ]);
}

/** `pilot-agent request` writes its own log lines to stdout before the answer. */
export function jsonPart(stdout: string): string {
  const start = stdout.search(/^\{/m);
  return start < 0 ? '{}' : stdout.slice(start);
}
