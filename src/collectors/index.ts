/** The collectors. To add one: a file here and a line below. */
import type { Collector } from '../model/contracts/collector.ts';
import { bpfStats } from './bpf-stats.ts';
import { cgroup } from './cgroup.ts';
import { envoyStats } from './envoy-stats.ts';
import { idleSoaker } from './idle-soaker.ts';
import { links } from './links.ts';
import { machineCpu } from './machine-cpu.ts';

export const collectors: readonly Collector[] = [idleSoaker, cgroup, machineCpu, envoyStats, bpfStats, links];
