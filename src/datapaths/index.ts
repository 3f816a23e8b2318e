/** The datapaths. To add one: a file here and a line below. */
import type { Datapath } from '../model/contracts/datapath.ts';
import { cilium } from './cilium.ts';
import { ciliumIpsec } from './cilium-ipsec.ts';
import { ciliumL7 } from './cilium-l7.ts';
import { ciliumTuned } from './cilium-tuned.ts';
import { ciliumWireguard } from './cilium-wireguard.ts';
import { direct } from './direct.ts';
import { ebpfLab } from './ebpf-lab.ts';
import { envoySidecar } from './envoy-sidecar.ts';
import { hostNetwork } from './host-network.ts';
import { iptablesService } from './iptables-service.ts';
import { istioAmbient } from './istio-ambient.ts';
import { istioAmbientWaypoint } from './istio-ambient-waypoint.ts';
import { istioSidecar } from './istio-sidecar.ts';
import { plainPod } from './plain-pod.ts';

export const datapaths: readonly Datapath[] = [
  direct,
  plainPod,
  hostNetwork,
  iptablesService,
  envoySidecar,
  ebpfLab,
  istioSidecar,
  istioAmbient,
  istioAmbientWaypoint,
  cilium,
  ciliumTuned,
  ciliumL7,
  ciliumWireguard,
  ciliumIpsec,
];
