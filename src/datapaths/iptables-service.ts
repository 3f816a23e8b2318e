import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import type { LabNode, LabSite } from '../model/contracts/lab-site.ts';
import { memberSchema } from '../model/experiment.ts';
import { PLAIN } from '../model/features.ts';
import { endpointChain, kubeProxyRules, type ServicePort } from './kube-proxy-rules.ts';

const options = z.object({
  services: z.number().int().min(0).max(20_000).default(1000).describe('other services whose rules stand in front of ours'),
});

/** A ClusterIP by DNAT on the client's node, in kube-proxy's layout. */
export const iptablesService: Datapath = {
  id: 'iptables-service',
  title: 'ClusterIP by iptables DNAT',
  schema: memberSchema('iptables-service', options),
  features: (selected) => ({
    ...PLAIN,
    loadBalancing: `iptables DNAT per connection, behind ${options.parse(selected).services} other services`,
    notes: "kube-proxy's iptables layout; conntrack per packet on the client's node, rule walk per connection",
  }),
  lab: {
    async deploy(site, selected) {
      const ours = site.servers.map((server): ServicePort => ({
        name: `OURS${server.servicePort}`,
        address: site.serviceAddress,
        port: server.servicePort,
        endpoint: { address: site.server.address, port: server.containerPort },
      }));
      const node = site.nodes[0] as LabNode;
      await site.run(['iptables-restore', '--noflush'], {
        netns: node.netns,
        input: kubeProxyRules(ours, options.parse(selected).services),
      });
      return {
        components: [],
        envoys: [],
        bpfPrograms: [],
        expectations: [{ counter: 'dnatConnections', equals: 'connections', meaning: 'connections that our DNAT rule translated' }],
        notes: { services: String(options.parse(selected).services) },
        pathCounters: async () => ({ dnatConnections: await dnatConnections(site, node, ours) }),
        address: (server) => ({ host: site.serviceAddress, port: server.servicePort }),
      };
    },
  },
};

/** Packets of a nat rule are connections: the nat table sees only the first packet of each. */
async function dnatConnections(site: LabSite, node: LabNode, services: readonly ServicePort[]): Promise<number> {
  let connections = 0;
  for (const service of services) {
    const { stdout } = await site.run(['iptables', '-t', 'nat', '-L', endpointChain(service), '-v', '-x', '-n'], { netns: node.netns });
    const rule = stdout.split('\n').find((line) => /\bDNAT\b/.test(line));
    connections += Number(/^\s*(\d+)/.exec(rule ?? '')?.[1] ?? 0);
  }
  return connections;
}
