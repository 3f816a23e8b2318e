/** The datapaths. To add one: a file here and a line below. */
import type { Datapath } from '../model/contracts/datapath.ts';
import { direct } from './direct.ts';
import { ebpfLab } from './ebpf-lab.ts';
import { envoySidecar } from './envoy-sidecar.ts';
import { iptablesService } from './iptables-service.ts';

export const datapaths: readonly Datapath[] = [direct, iptablesService, envoySidecar, ebpfLab];
