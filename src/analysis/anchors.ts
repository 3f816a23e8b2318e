/**
 * Published figures, to stand beside ours: context, not truth. Absolute figures transfer badly between machines, and
 * percentiles do not add up; each says how it was got.
 */
export type Quantity = 'cpuPerProxy' | 'memoryPerProxy' | 'p99Added';

export interface Anchor {
  /** What it is a figure of. `sidecar-pair`: of both sides together. */
  readonly subject: 'sidecar' | 'waypoint' | 'sidecar-pair';
  readonly quantity: Quantity;
  /** Cores per 1000 requests/s; MiB; ms. One figure is a range of no width. */
  readonly range: readonly [number, number];
  readonly version: string;
  /** Generator, loop, rate, connections, payload. */
  readonly how: string;
  readonly source: string;
}

const ISTIO = 'istio.io, Performance and Scalability';
const FORTIO = 'fortio (closed loop that catches up), 1000 requests/s, 1 KB, mutual TLS, 2 workers';

export const ANCHORS: readonly Anchor[] = [
  {
    subject: 'sidecar',
    quantity: 'cpuPerProxy',
    range: [0.2, 0.2],
    version: 'Istio 1.24',
    how: `${FORTIO}, 4 connections, bare metal`,
    source: `${ISTIO}, 1.24`,
  },
  {
    subject: 'sidecar',
    quantity: 'cpuPerProxy',
    range: [0.35, 0.5],
    version: 'Istio 1.5 to 1.22',
    how: `${FORTIO}, 16 connections`,
    source: `${ISTIO}, versioned pages`,
  },
  {
    subject: 'waypoint',
    quantity: 'cpuPerProxy',
    range: [0.25, 0.25],
    version: 'Istio 1.24',
    how: `${FORTIO}, 4 connections, bare metal`,
    source: `${ISTIO}, 1.24`,
  },
  {
    subject: 'sidecar',
    quantity: 'memoryPerProxy',
    range: [40, 60],
    version: 'Istio 1.5 to 1.24',
    how: FORTIO,
    source: `${ISTIO}, versioned pages`,
  },
  {
    subject: 'waypoint',
    quantity: 'memoryPerProxy',
    range: [57, 57],
    version: 'Istio 1.24',
    how: FORTIO,
    source: `${ISTIO}, 1.24`,
  },
  {
    subject: 'sidecar-pair',
    quantity: 'p99Added',
    range: [1.91, 2.88],
    version: 'Istio 1.7',
    how: `${FORTIO}, 16 connections; the lower figure with jittered arrivals`,
    source: `${ISTIO}, 1.7`,
  },
  {
    subject: 'sidecar-pair',
    quantity: 'p99Added',
    range: [0.298, 0.298],
    version: 'Istio 1.20',
    how: `${FORTIO}, bare metal`,
    source: `${ISTIO}, 1.20`,
  },
];

export interface Own {
  readonly name: string;
  readonly subject: Anchor['subject'];
  readonly quantity: Quantity;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}
