/**
 * The first process of a node agent's pod: while it lives, the kernel counts what eBPF programs use. What was set before is
 * kept where it outlives this container, so that one that was killed and started again still knows it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const BPF_STATS = '/host/proc/sys/kernel/bpf_stats_enabled';
const KEPT = '/kept/bpf_stats_enabled';

if (existsSync(BPF_STATS)) {
  if (!existsSync(KEPT)) writeFileSync(KEPT, readFileSync(BPF_STATS));
  const before = readFileSync(KEPT, 'utf8').trim();
  if (before === '0') writeFileSync(BPF_STATS, '1');
  process.on('SIGTERM', () => {
    if (before === '0') writeFileSync(BPF_STATS, '0');
    process.exit(0);
  });
}
setInterval(() => {}, 2 ** 30);
