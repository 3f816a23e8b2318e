/** Figures outside of what is physically believable: usually a path that was not taken, or a setting nobody meant. */
import type { Finding } from '../model/findings.ts';
import type { ArmRecord } from '../model/records.ts';
import type { Own } from './anchors.ts';
import { subjectOf, type Analysis, type Cell, type ComparisonAnalysis } from './analyse.ts';
import type { Interval } from './statistics/interval.ts';

/** Cores per 1000 requests/s of a proxy that looks into requests: published figures are 0.2 to 0.5. */
const CPU_PER_L7_PROXY = { least: 0.1, most: 0.6 };
/** Of the baseline's p50: eBPF at layer 4 stays within its noise. */
const MOST_L4_RATIO = 2;

const PROXIES = { 'client-proxy': 'sidecar', 'server-proxy': 'sidecar', waypoint: 'waypoint' } as const;

/** Our own figures of what is published of others. */
export function ownFigures({ cells }: ComparisonAnalysis): Own[] {
  return cells.flatMap((cell) => {
    const value = (id: string) => cell.metrics.find(({ metric }) => metric.id === id)?.value;
    const perProxy = Object.entries(PROXIES).flatMap(([component, subject]): Own[] => [
      ...own(`${cell.arm}, ${component}`, subject, 'cpuPerProxy', value(`cpu.${component}`), 1e9),
      ...own(`${cell.arm}, ${component}`, subject, 'memoryPerProxy', value(`memoryOfOne.${component}`), 1024 ** 2),
    ]);
    const hasPair = value('cpu.client-proxy') !== undefined && value('cpu.server-proxy') !== undefined;
    const added = cell.metrics.find(({ metric }) => metric.id === 'latency.p99')?.versus?.difference;
    return [...perProxy, ...(hasPair ? own(`${cell.arm}, both sides`, 'sidecar-pair', 'p99Added', added, 1e6) : [])];
  });
}

function own(name: string, subject: Own['subject'], quantity: Own['quantity'], interval: Interval | undefined, factor: number): Own[] {
  if (!interval) return [];
  return [{ name, subject, quantity, estimate: interval.estimate / factor, low: interval.low / factor, high: interval.high / factor }];
}

/** `arms`: with what each does to a request. */
export function implausible({ comparisons }: Analysis, arms: readonly ArmRecord[]): Finding[] {
  return comparisons.flatMap((comparison) => {
    const subject = subjectOf(comparison, comparisons);
    return [...cheapOrDear(comparison, subject), ...slowAtLayerFour(comparison, subject, arms)];
  });
}

function cheapOrDear(comparison: ComparisonAnalysis, subject: string): Finding[] {
  return ownFigures(comparison)
    .filter(({ quantity }) => quantity === 'cpuPerProxy')
    .flatMap(({ name, low, high, estimate }): Finding[] => {
      const told = `${name} of ${subject}: ${estimate.toFixed(2)} cores per 1000 requests/s [${low.toFixed(2)}, ${high.toFixed(2)}]`;
      if (high < CPU_PER_L7_PROXY.least)
        return [
          finding('MT0401', 'a proxy that costs next to nothing', told, 'below 0.1 a proxy hardly looks into requests: did they pass it?'),
        ];
      if (low > CPU_PER_L7_PROXY.most)
        return [
          finding(
            'MT0402',
            'a proxy that costs very much',
            told,
            'above 0.6 look for an access log, tracing, or a CPU limit that throttles',
          ),
        ];
      return [];
    });
}

function slowAtLayerFour({ cells }: ComparisonAnalysis, subject: string, arms: readonly ArmRecord[]): Finding[] {
  const isLayerFour = ({ arm }: Cell) => {
    const features = arms.find(({ name }) => name === arm)?.features;
    return features !== undefined && features.l7PassesPerRequest === 0 && features.encryption === 'none';
  };
  return cells.filter(isLayerFour).flatMap((cell): Finding[] => {
    const ratio = cell.metrics.find(({ metric }) => metric.id === 'latency.p50')?.versus?.ratio;
    if (!ratio || ratio.low < MOST_L4_RATIO) return [];
    const told = `${cell.arm} of ${subject}: p50 is ${ratio.estimate.toFixed(2)} times the baseline’s [${ratio.low.toFixed(2)}, ${ratio.high.toFixed(2)}]`;
    return [
      finding(
        'MT0403',
        'a layer-4 datapath that doubles the latency',
        told,
        'forwarding alone does not cost that much: look for a fault of its settings',
      ),
    ];
  });
}

function finding(code: string, title: string, detail: string, why: string): Finding {
  return { code, level: 'warning', title, detail, why, fix: '' };
}
