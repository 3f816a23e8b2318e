/** A workload: protocol, payload, server behaviour. One server program serves them all. */
import type { z } from 'zod';
import type { Selected } from '../experiment.ts';

export type Protocol = 'http' | 'grpc';

/** How long the server holds a request before it answers; drawn per request. Times in ns. */
export type Delay =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly delayNs: number }
  | { readonly kind: 'lognormal'; readonly medianNs: number; readonly sigma: number }
  | { readonly kind: 'bimodal'; readonly fastNs: number; readonly slowNs: number; readonly slowShare: number }
  | { readonly kind: 'stall'; readonly everyNs: number; readonly stallNs: number };

/** What the server must do for a workload, and what a generator must send to it. */
export interface ServerSpec {
  readonly workload: string;
  readonly protocol: Protocol;
  readonly servicePort: number;
  readonly containerPort: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly delay: Delay;
  /** Busy time added to every request, ns: an injected slowdown of known size. */
  readonly spinNs?: number;
}

export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly protocol: Protocol;
  /** Schema of its entry in an experiment. */
  readonly schema: z.ZodType<Selected>;
  /** `index` tells several workloads of one experiment apart: each has its own ports. */
  server(selected: Selected, index: number): ServerSpec;
}
