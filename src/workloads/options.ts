/** Options that every workload of one request and one reply has. */
import { z } from 'zod';
import type { Selected } from '../model/experiment.ts';
import type { Delay, Protocol, ServerSpec } from '../model/contracts/workload.ts';
import { bytes, durationNs } from '../model/units.ts';

const delayRange = { min: 0, max: 60e9 };

const delaySchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({ kind: z.literal('fixed'), delay: durationNs(delayRange) }),
    z.strictObject({ kind: z.literal('lognormal'), median: durationNs(delayRange), sigma: z.number().min(0).max(3) }),
    z.strictObject({
      kind: z.literal('bimodal'),
      fast: durationNs(delayRange),
      slow: durationNs(delayRange),
      slowShare: z.number().min(0).max(1),
    }),
    z.strictObject({ kind: z.literal('stall'), every: durationNs({ min: 1e6, max: 3600e9 }), stall: durationNs(delayRange) }),
  ])
  .transform((value): Delay => {
    switch (value.kind) {
      case 'none':
        return value;
      case 'fixed':
        return { kind: 'fixed', delayNs: value.delay };
      case 'lognormal':
        return { kind: 'lognormal', medianNs: value.median, sigma: value.sigma };
      case 'bimodal':
        return { kind: 'bimodal', fastNs: value.fast, slowNs: value.slow, slowShare: value.slowShare };
      case 'stall':
        return { kind: 'stall', everyNs: value.every, stallNs: value.stall };
    }
  });

const size = (fallback: string) => bytes({ min: 0, max: 16 * 1024 * 1024 }).prefault(fallback);

export function echoOptions(requestSize: string) {
  return z.object({
    requestSize: size(requestSize).describe('payload of a request, for instance 0B or 4KiB'),
    responseSize: size('1KiB').describe('payload of a reply'),
    delay: delaySchema.prefault({ kind: 'none' }).describe('how long the server holds each request'),
  });
}

type EchoOptions = z.output<ReturnType<typeof echoOptions>>;

/** Ports: the service's and the container's, ten apart for each further workload of an experiment. */
export function serverSpec(
  protocol: Protocol,
  selected: Selected,
  ports: { service: number; container: number },
  index: number,
): ServerSpec {
  const options = selected.options as EchoOptions;
  return {
    workload: selected.name,
    protocol,
    servicePort: ports.service + index * 10,
    containerPort: ports.container + index * 10,
    requestBytes: options.requestSize,
    responseBytes: options.responseSize,
    delay: options.delay,
  };
}
