/** What could make the figures wrong, from what really ran: written by rule, not by hand. */
import type { Analysis } from '../analysis/analyse.ts';
import type { RunRecord } from '../model/records.ts';
import { tierOf } from '../model/features.ts';
import type { Block } from './document.ts';

export function threatBlocks(run: RunRecord, analysis: Analysis): Block[] {
  const items = [...excluded(run, analysis), ...machine(run), ...design(run, analysis), ...work(run), ...instruments(run)];
  return [
    { kind: 'heading', level: 2, text: 'Threats to validity' },
    { kind: 'list', items },
  ];
}

/** What was skipped, masked, measured again or left out, and by which rule. */
function excluded(run: RunRecord, { validity: { repeated, invalid, masked } }: Analysis): string[] {
  const rules = [
    ...Map.groupBy(
      invalid.flatMap(({ findings }) => findings),
      ({ title }) => title,
    ),
  ];
  return [
    repeated === 0
      ? 'No window was measured again.'
      : `${repeated} windows were measured again in all datapaths, because the host lost over 2 % of the time or stood still for over 100 ms; the rule looks at the host alone, and both attempts are stored.`,
    invalid.length === 0
      ? 'No window was left out.'
      : `${invalid.length} windows were left out: ${rules.map(([title, all]) => `${title} ${all.length}`).join(', ')}.`,
    ...(masked.answered === 0
      ? []
      : [
          `Masking by time left ${((masked.dropped / masked.answered) * 100).toFixed(2)} % of the answers out, those that became due around a stall of the host.`,
        ]),
    ...(run.gaps.length === 0
      ? []
      : [`The run was interrupted and continued ${run.gaps.length} times; blocks after a gap met another state of the host.`]),
    ...(run.status === 'complete' ? [] : [`The run is ${run.status}: what it would have measured later is missing.`]),
  ];
}

function machine(run: RunRecord): string[] {
  if (run.cluster === 'lab')
    return [
      'Client, proxies and server share one machine and its CPUs: differences and ranks hold, absolute figures do not transfer.',
      'The wire is a pair of virtual devices: no network card, no switch, no loss.',
      ...(run.facts['hypervisor'] === true
        ? ['The machine is a virtual one: strangers on its host can disturb it; the stall meter sees that, and only that.']
        : []),
    ];
  const shared = run.findings.some(({ code }) => code === 'MT0503');
  return [
    ...(shared ? ['Nodes share one kernel: nothing left the machine, and everything competed for the same CPUs.'] : []),
    ...(run.cluster === 'simulated' ? [] : ['No stall meter stands on the nodes: latency is not masked.']),
  ];
}

function design(run: RunRecord, analysis: Analysis): string[] {
  const designs = new Set(run.designs.map((each) => each.design));
  const deployments = new Set(
    analysis.comparisons.flatMap(({ timeline }) =>
      timeline.filter(({ valid, superseded }) => valid && !superseded).map(({ deployment }) => deployment),
    ),
  ).size;
  return [
    ...(designs.has('block')
      ? ['Datapaths were measured one after the other inside a block: noise of the host is averaged over blocks, not cancelled.']
      : []),
    deployments < 3
      ? `${deploymentsTold(deployments)} only: two identical ones can differ by about 1 %, and that difference is in the figures.`
      : `${deployments} deployments: what differs between two identical ones is inside the intervals.`,
    ...(run.baseline === '' ? [] : [otherExperiments(analysis)]),
  ];
}

function deploymentsTold(count: number): string {
  return count === 1 ? 'One deployment' : `${count === 0 ? 'No' : count} deployments`;
}

/** What was sent, and so what was not. */
function otherExperiments({ comparisons }: Analysis): string {
  const isClosed = comparisons.some(({ ratePerSecond }) => ratePerSecond === null);
  const workloads = new Set(comparisons.map(({ workload }) => workload)).size;
  const loads = new Set(comparisons.map(({ load }) => load)).size;
  const sent = `${workloads === 1 ? 'One workload' : `${workloads} workloads`} under ${loads === 1 ? 'one load' : `${loads} loads`}, on connections that are kept`;
  return `${sent}: churn of connections, other sizes and other rates${isClosed ? '' : ', and saturation,'} are other experiments.`;
}

function work(run: RunRecord): string[] {
  const tiers = new Set(run.arms.map(({ features }) => tierOf(features)));
  return tiers.size > 1
    ? ['Datapaths of different tiers do different work with a request: read the parity table before the differences.']
    : [];
}

function instruments(run: RunRecord): string[] {
  return [
    'CPU by component is approximate: the kernel charges interrupt work to whoever was interrupted.',
    ...(run.calibration === null ? ['The tool was not calibrated on this host: its own error is unknown here.'] : []),
  ];
}
