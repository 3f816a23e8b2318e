/**
 * Once per run, on the first deployment: may all arms be alive at once, and which rates does the ladder have? Both are
 * recorded; a resumed run keeps them.
 */
import type { OpenLoad } from '../model/experiment.ts';
import { highestRate } from '../model/search.ts';
import type { ComparisonDesign, Design, TrialRecord } from '../model/records.ts';
import { hasLadder, type Comparison, type Plan, type PlannedTrial } from '../plan/plan.ts';
import { channelName, type Channel } from './channels.ts';
import type { DeployedBlock } from './deployment.ts';
import { throwIfInterrupted } from './interruption.ts';
import { measure, type MeasureContext, type Measurement } from './measurement.ts';

/** Above this share of all CPUs the arms of a duet make each other slower (docs/decisions/011-coupling-gate.md). */
export const COUPLING_GATE = 0.2;

const OF_THE_HOST = new Set(['MT0308', 'MT0311', 'MT0313']);

const GATE_NS = 1e9;
const PROBE_NS = 0.5e9;
/**
 * The ladder stays in the neighbourhood of the load: at far higher rates work is done in batches and a request costs
 * less, which bends the line (docs/decisions/012-ladder.md).
 */
const MOST_TIMES_THE_LOAD = 4;
const BISECTIONS = 2;

export async function pilotAll(context: MeasureContext, plan: Plan, deployed: DeployedBlock): Promise<ComparisonDesign[]> {
  const designs: ComparisonDesign[] = [];
  for (const comparison of plan.comparisons) {
    throwIfInterrupted(context.signal);
    const channels = plan.experiment.datapaths.map(({ name }) => channelOf(deployed, name, comparison));
    const chosen = await chooseDesign(context, plan, comparison, channels);
    const capacity = await lowestCapacity(context, plan, comparison, channels);
    designs.push({ workload: comparison.workload, load: comparison.load.name, ...chosen, ...capacity });
  }
  return designs;
}

export function channelOf(deployed: DeployedBlock, arm: string, comparison: Comparison): Channel {
  const channel = deployed.channels.get(channelName(arm, comparison));
  if (!channel) throw new Error(`no channel for ${channelName(arm, comparison)}`);
  return channel;
}

type Chosen = Pick<ComparisonDesign, 'design' | 'utilisation' | 'reason'>;

async function chooseDesign(context: MeasureContext, plan: Plan, comparison: Comparison, channels: readonly Channel[]): Promise<Chosen> {
  const asked = plan.experiment.statistics.design;
  const { load, generator } = comparison;
  if (load.loop === 'closed' || !channels.every(({ shared }) => shared))
    return { design: 'block', utilisation: null, reason: `${generator.title} drives one datapath at a time here` };
  if (channels.length < 2) return { design: 'block', utilisation: null, reason: 'there is one datapath only' };
  if (asked === 'block') return { design: 'block', utilisation: null, reason: 'the experiment asks for it' };
  const utilisation = await utilisationTogether(context, load, channels);
  const used = utilisation === null ? 'CPU use unknown' : `all datapaths together use ${percent(utilisation)} of the CPUs`;
  if (asked !== 'auto') return { design: asked, utilisation, reason: `the experiment asks for it; ${used}` };
  const fits = utilisation !== null && utilisation <= COUPLING_GATE;
  const design: Design = fits ? 'duet' : 'slice';
  const reason = fits
    ? `${used}, at most ${percent(COUPLING_GATE)}`
    : `${used}, more than ${percent(COUPLING_GATE)}: they would slow each other down`;
  return { design, utilisation, reason };
}

async function utilisationTogether(context: MeasureContext, load: OpenLoad, channels: readonly Channel[]): Promise<number | null> {
  const arms = channels.map((channel) => ({ channel, planned: notStored(channel, 'gate') }));
  const [record] = await pilotWindow(context, { arms, design: 'duet', load: { ...load, durationNs: GATE_NS }, attempt: 0 });
  return record?.sharedUtilisation ?? null;
}

/** The highest rate that every arm sustains; each further arm is tried at the lowest found so far. */
async function lowestCapacity(
  context: MeasureContext,
  plan: Plan,
  comparison: Comparison,
  channels: readonly Channel[],
): Promise<{ capacityPerSecond: number | null; weakest: string | null }> {
  if (plan.experiment.statistics.cpu === false || !hasLadder(comparison)) return { capacityPerSecond: null, weakest: null };
  const load = comparison.load as OpenLoad;
  let lowest = { capacityPerSecond: load.ratePerSecond * MOST_TIMES_THE_LOAD, weakest: '' };
  for (const channel of channels) {
    const sustains = (rate: number) => sustainsRate(context, load, channel, rate);
    if (lowest.weakest !== '' && (await sustains(lowest.capacityPerSecond))) continue;
    const own = await highestRate(sustains, load.ratePerSecond, lowest.capacityPerSecond, BISECTIONS);
    if (own < lowest.capacityPerSecond || lowest.weakest === '') lowest = { capacityPerSecond: own, weakest: channel.deployment.arm };
  }
  return lowest;
}

/** Sent in time, all answered, nothing left queueing, by the checks of a trial; what the host did says nothing of the arm. */
async function sustainsRate(context: MeasureContext, load: OpenLoad, channel: Channel, rate: number): Promise<boolean> {
  throwIfInterrupted(context.signal);
  const probe: OpenLoad = { ...load, ratePerSecond: rate, warmupNs: PROBE_NS / 5, durationNs: PROBE_NS };
  const arms = [{ channel, planned: notStored(channel, `capacity-${rate}`) }];
  const [record] = await pilotWindow(context, { arms, design: 'block', load: probe, attempt: 0 });
  return record?.findings.every(({ code, level }) => level !== 'error' || OF_THE_HOST.has(code)) === true;
}

function notStored(channel: Channel, what: string): PlannedTrial {
  const { deployment, comparison } = channel;
  const id = `pilot-${what}-${channel.name}`;
  const place = { block: 0, deployment: 0, position: 0 };
  return { id, ...place, arm: deployment.arm, workload: comparison.workload, load: comparison.load.name, kind: 'latency', share: null };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A pilot is for nothing without its instruments. */
async function pilotWindow(context: MeasureContext, measurement: Measurement): Promise<readonly TrialRecord[]> {
  const { records, failure } = await measure(context, measurement);
  if (failure) throw failure;
  return records;
}
