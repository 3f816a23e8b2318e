/** Plain routing in the lab, and the proof that it is plain: nothing filters, nothing hangs on its devices. */
import type { LabParts, LabSite } from '../model/contracts/lab-site.ts';

export async function plainRouting(site: LabSite): Promise<LabParts> {
  return {
    components: [],
    envoys: [],
    bpfPrograms: [],
    expectations: [
      { counter: 'packetFilterRules', equals: 'zero', meaning: 'no iptables rule in its pods and nodes' },
      { counter: 'trafficControlPrograms', equals: 'zero', meaning: 'no eBPF program on its devices' },
    ],
    notes: {},
    pathCounters: async () => ({
      packetFilterRules: await countLines(site, ['iptables-save'], /^-A /),
      trafficControlPrograms: await countLines(site, ['bpftool', 'net', 'list'], /\b(tcx|clsact|bpf)\b.*\bid\b/),
    }),
    address: (server) => ({ host: site.server.address, port: server.containerPort }),
  };
}

/** Over all namespaces of the arm; a look that fails is no proof. `iptables-save` without a table lists what exists and creates nothing. */
async function countLines(site: LabSite, command: readonly [string, ...string[]], pattern: RegExp): Promise<number> {
  const places = [site.client.netns, site.server.netns, ...site.nodes.map((node) => node.netns)];
  const outputs = await Promise.all(places.map((netns) => site.run(command, { netns })));
  return outputs.reduce((sum, { stdout }) => sum + stdout.split('\n').filter((line) => pattern.test(line)).length, 0);
}
