import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import type { LabSite } from '../model/contracts/lab-site.ts';
import { memberSchema } from '../model/experiment.ts';
import { durationNs, formatDuration } from '../model/units.ts';

/** Plain routing to the pod's address: the baseline that everything else is charged against. */
export const direct: Datapath = {
  id: 'direct',
  title: 'plain routing',
  schema: memberSchema(
    'direct',
    z.object({
      slowdown: durationNs({ min: 0, max: 1e9 })
        .default(0)
        .describe('busy time that the server adds to each request: an injected difference, for calibration'),
    }),
  ),
  features: (options) => ({
    encryption: 'none',
    identity: 'none',
    l7PassesPerRequest: 0,
    policy: 'none',
    telemetry: 'none',
    loadBalancing: 'none',
    retries: 0,
    notes: `veth pairs and routes alone; no service address, no policy${slowdownOf(options)}`,
  }),
  lab: {
    server: (spec, options) => ({ ...spec, spinNs: (options as { slowdown: number }).slowdown }),
    deploy: async (site) => ({
      components: [],
      envoys: [],
      bpfPrograms: [],
      expectations: [
        { counter: 'packetFilterRules', equals: 'zero', meaning: 'no iptables or nftables rule in its pods and nodes' },
        { counter: 'trafficControlPrograms', equals: 'zero', meaning: 'no eBPF program on its devices' },
      ],
      notes: {},
      pathCounters: async () => ({
        packetFilterRules: await countLines(site, ['iptables-save'], /^-A /),
        trafficControlPrograms: await countLines(site, ['bpftool', 'net', 'list'], /\b(tcx|clsact|bpf)\b.*\bid\b/),
      }),
      address: (server) => ({ host: site.server.address, port: server.containerPort }),
    }),
  },
};

function slowdownOf(options: unknown): string {
  const slowdown = (options as { slowdown?: number } | undefined)?.slowdown ?? 0;
  return slowdown === 0 ? '' : `; its server is slowed down by ${formatDuration(slowdown)} a request on purpose`;
}

/** Over all namespaces of the arm. `iptables-save` without a table lists what exists and creates nothing. */
async function countLines(site: LabSite, command: readonly [string, ...string[]], pattern: RegExp): Promise<number> {
  const places = [site.client.netns, site.server.netns, ...site.nodes.map((node) => node.netns)];
  const outputs = await Promise.all(places.map((netns) => site.run(command, { netns, mayFail: true })));
  return outputs.reduce((sum, { stdout }) => sum + stdout.split('\n').filter((line) => pattern.test(line)).length, 0);
}
