/**
 * The collectors. To add one: a file here and a line below. Heavy ones open in this order and close in the reverse one:
 * what asking the observer costs it must not lie inside of cAdvisor's window.
 */
import type { Collector } from '../model/contracts/collector.ts';
import { bpfStats } from './bpf-stats.ts';
import { cadvisor } from './cadvisor.ts';
import { cgroup } from './cgroup.ts';
import { envoyStats } from './envoy-stats.ts';
import { hubble } from './hubble.ts';
import { idleSoaker } from './idle-soaker.ts';
import { links } from './links.ts';
import { machineCpu } from './machine-cpu.ts';
import { nodeCpu } from './node-cpu.ts';
import { nodeSamples } from './node-samples.ts';
import { ownMetrics } from './own-metrics.ts';
import { wire } from './wire.ts';

export const collectors: readonly Collector[] = [
  hubble,
  ownMetrics,
  wire,
  idleSoaker,
  cgroup,
  machineCpu,
  envoyStats,
  bpfStats,
  links,
  nodeCpu,
  nodeSamples,
  cadvisor,
];
