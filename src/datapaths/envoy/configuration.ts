/** The bootstrap of one sidecar, put together from shapes as istiod puts them together. */
import type { LabSite } from '../../model/contracts/lab-site.ts';
import type { ServerSpec } from '../../model/contracts/workload.ts';
import { INBOUND_PORT, OUTBOUND_PORT } from './interception.ts';
import { fillShape, type ConfigValue } from '../shape.ts';

export interface SidecarOptions {
  readonly side: 'client' | 'server';
  readonly tls: 'off' | 'mtls';
  readonly adminSocket: string;
  /** Directory holding ca.pem, cert.pem and key.pem when tls is on. */
  readonly certificates: string;
  /** Whether the other side has a sidecar too. */
  readonly peerHasSidecar: boolean;
  /** Where the access log goes; undefined: there is none. */
  readonly accessLogSocket: string | undefined;
}

export async function sidecarConfiguration(site: LabSite, options: SidecarOptions): Promise<string> {
  const shape = async (name: string, values: Readonly<Record<string, ConfigValue>>) =>
    fillShape(await site.files.readText(`${site.tools.dataDirectory}/envoy/${name}.yaml`), values);
  const parts = options.side === 'client' ? await outbound(site, options, shape) : await inbound(site, options, shape);
  const bootstrap = await shape('bootstrap', {
    adminSocket: options.adminSocket,
    nodeId: `sidecar~${options.side}`,
    listeners: parts.listeners,
    clusters: [...parts.clusters, await shape('passthrough-cluster', {}), ...(await observerCluster(options, shape))],
  });
  return JSON.stringify(bootstrap, null, 1);
}

type Shape = (name: string, values: Readonly<Record<string, ConfigValue>>) => Promise<ConfigValue>;
interface Parts {
  readonly listeners: ConfigValue[];
  readonly clusters: ConfigValue[];
}

async function outbound(site: LabSite, options: SidecarOptions, shape: Shape): Promise<Parts> {
  const listeners: ConfigValue[] = [await shape('virtual-outbound', { port: OUTBOUND_PORT })];
  const clusters: ConfigValue[] = [];
  for (const server of site.servers) {
    const cluster = `outbound|${server.servicePort}||${server.workload}.default.svc.cluster.local`;
    const tls = options.tls === 'mtls' && options.peerHasSidecar ? await upstreamTls(server, options, shape) : null;
    listeners.push(
      await shape('outbound-listener', {
        name: `${site.serviceAddress}_${server.servicePort}`,
        address: site.serviceAddress,
        port: server.servicePort,
        accessLog: await accessLog(options, shape),
        statPrefix: `outbound_${site.serviceAddress}_${server.servicePort}`,
        domains: [site.serviceAddress, `${site.serviceAddress}:${server.servicePort}`, `${server.workload}.default.svc.cluster.local`],
        cluster,
      }),
    );
    clusters.push(
      await shape('outbound-cluster', {
        name: cluster,
        endpointAddress: site.server.address,
        endpointPort: server.containerPort,
        protocolOptions: await protocolOptions(server, shape),
        transportSocket: tls,
      }),
    );
  }
  return { listeners, clusters };
}

async function inbound(site: LabSite, options: SidecarOptions, shape: Shape): Promise<Parts> {
  const chains: ConfigValue[] = [];
  const clusters: ConfigValue[] = [];
  for (const server of site.servers) {
    const cluster = `inbound|${server.containerPort}||`;
    const mtls = options.tls === 'mtls';
    chains.push(
      await shape('inbound-chain', {
        port: server.containerPort,
        transport: mtls ? 'tls' : 'raw_buffer',
        transportSocket: mtls ? await shape('downstream-tls', certificateValues(options)) : null,
        accessLog: await accessLog(options, shape),
        statPrefix: `inbound_0.0.0.0_${server.containerPort}`,
        cluster,
      }),
    );
    clusters.push(await shape('inbound-cluster', { name: cluster, protocolOptions: await protocolOptions(server, shape) }));
  }
  return { listeners: [await shape('virtual-inbound', { port: INBOUND_PORT, chains })], clusters };
}

async function accessLog({ side, accessLogSocket }: SidecarOptions, shape: Shape): Promise<ConfigValue> {
  return accessLogSocket === undefined ? null : [await shape('access-log', { side })];
}

async function observerCluster({ accessLogSocket }: SidecarOptions, shape: Shape): Promise<ConfigValue[]> {
  return accessLogSocket === undefined ? [] : [await shape('observer-cluster', { socket: accessLogSocket })];
}

async function protocolOptions(server: ServerSpec, shape: Shape): Promise<ConfigValue> {
  return server.protocol === 'grpc' ? shape('http2-protocol', {}) : null;
}

async function upstreamTls(server: ServerSpec, options: SidecarOptions, shape: Shape): Promise<ConfigValue> {
  return shape('upstream-tls', {
    ...certificateValues(options),
    alpn: server.protocol === 'grpc' ? ['istio', 'h2'] : ['istio', 'http/1.1'],
    serverName: `outbound_.${server.servicePort}_._.${server.workload}.default.svc.cluster.local`,
  });
}

function certificateValues(options: SidecarOptions): Readonly<Record<string, string>> {
  return { ca: `${options.certificates}/ca.pem`, certificate: `${options.certificates}/cert.pem`, key: `${options.certificates}/key.pem` };
}
