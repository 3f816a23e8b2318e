/** Pods of ours: waiting until they are ready, why they are not, and whether they are where they should be. */
import { MeshtaxError } from '../../model/errors.ts';
import type { ContainerStatus, KubernetesApi, Pod } from '../../model/contracts/kubernetes.ts';
import type { Clock } from '../../model/ports.ts';
import { ARM_LABEL } from './names.ts';

export async function listPods(api: KubernetesApi, namespace: string, selector = ''): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods${selector === '' ? '' : `?labelSelector=${encodeURIComponent(selector)}`}`;
  return (await api.get<{ items: readonly Pod[] }>(path)).items;
}

/** As a runtime has it, without its name before it; empty where there is no such container. */
export function containerIdOf(pod: Pod | undefined, container: string): string {
  const found = pod && statusesOf(pod).find(({ name }) => name === container);
  return found?.containerID?.replace(/^\w+:\/\//, '') ?? '';
}

/** What no waiting mends. */
const HOPELESS =
  /^(ErrImageNeverPull|InvalidImageName|CreateContainerConfigError|CreateContainerError|RunContainerError|CrashLoopBackOff)$/;
/** Given some tries: a registry may be slow. */
const IMAGE_TROUBLE = /^(ErrImagePull|ImagePullBackOff)$/;
const IMAGE_PATIENCE_MS = 30_000;
const POLL_MS = 500;

interface Awaited {
  readonly namespace: string;
  readonly arm: string;
  readonly count: number;
  readonly timeoutMs: number;
  readonly selector?: string;
}

/** Ours, or those that a selector finds. @throws MeshtaxError MT5004 with what the pods and their events say. */
export async function waitForPods(
  api: KubernetesApi,
  clock: Clock,
  { namespace, arm, count, timeoutMs, selector = ARM_LABEL }: Awaited,
  signal?: AbortSignal,
): Promise<readonly Pod[]> {
  const startNs = clock.monotonicNs();
  for (;;) {
    const own = await listPods(api, namespace, selector);
    if (own.length >= count && own.every(isReady)) return own;
    const waitedMs = (clock.monotonicNs() - startNs) / 1e6;
    const trouble = own.map((pod) => troubleOf(pod, waitedMs)).find((each) => each !== undefined);
    if (trouble !== undefined || waitedMs > timeoutMs) {
      const words =
        trouble ??
        own
          .filter((pod) => !isReady(pod))
          .map(stateOf)
          .join('; ');
      const events = await lastEvents(api, namespace);
      const problem = [words || `${own.length} of ${count} pods exist`, ...events].join('; ');
      throw new MeshtaxError('MT5004', { arm, context: api.context, problem: problem.slice(0, 700), seconds: Math.round(waitedMs / 1000) });
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** Its containers, native sidecars among them. */
function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: yes }) => type === 'Ready' && yes === 'True') === true;
}

/** How a container ended or was replaced since; undefined while it is the one that was started. */
export function endOf(pod: Pod | undefined, container: string): string | undefined {
  if (!pod) return 'its pod is gone';
  const found = statusesOf(pod).find(({ name }) => name === container);
  if (!found) return 'its container is gone';
  if (found.restartCount > 0) return `a restart (${found.restartCount})`;
  const terminated = found.state?.terminated;
  if (terminated) return `${terminated.reason ?? 'an end'}, exit code ${terminated.exitCode ?? '?'}`;
  return pod.status.phase === 'Running'
    ? undefined
    : `phase ${pod.status.phase}${pod.status.reason === undefined ? '' : ` (${pod.status.reason})`}`;
}

function troubleOf(pod: Pod, waitedMs: number): string | undefined {
  if (pod.status.phase === 'Failed') return `${pod.metadata.name} failed: ${pod.status.reason ?? ''} ${pod.status.message ?? ''}`.trim();
  const waiting = statusesOf(pod).flatMap(({ name, state }) => (state?.waiting?.reason === undefined ? [] : [{ name, ...state.waiting }]));
  const stuck = waiting.find(({ reason = '' }) => HOPELESS.test(reason) || (IMAGE_TROUBLE.test(reason) && waitedMs > IMAGE_PATIENCE_MS));
  return stuck && `${pod.metadata.name}/${stuck.name}: ${stuck.reason}${stuck.message === undefined ? '' : ` (${stuck.message})`}`;
}

function stateOf(pod: Pod): string {
  const scheduled = pod.status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status !== 'True');
  if (scheduled) return `${pod.metadata.name} is not scheduled: ${scheduled.message ?? scheduled.reason ?? ''}`;
  const waiting = statusesOf(pod).flatMap(({ name, state, ready }) => (ready ? [] : [`${name} ${state?.waiting?.reason ?? 'not ready'}`]));
  return `${pod.metadata.name}: ${waiting.join(', ') || pod.status.phase}`;
}

interface EventList {
  readonly items: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
}

async function lastEvents(api: KubernetesApi, namespace: string): Promise<string[]> {
  const events = await api.get<EventList>(`/api/v1/namespaces/${namespace}/events?limit=200`).catch(() => ({ items: [] }));
  const warnings = events.items.filter(({ type }) => type === 'Warning').map(({ reason, message }) => `${reason}: ${message}`);
  return [...new Set(warnings)].slice(-2);
}
