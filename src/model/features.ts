/** What a datapath does with a request, as data: the parity matrix of every report is made from it. */
import { z } from 'zod';

export const featuresSchema = z.object({
  encryption: z.enum(['none', 'mtls', 'wireguard', 'ipsec']),
  identity: z.enum(['none', 'ip', 'spiffe']).describe('how the peer is told apart'),
  l7PassesPerRequest: z.number().int().min(0).describe('how many proxies parse each request'),
  policy: z.enum(['none', 'l4', 'l7']),
  telemetry: z.string().describe('what is recorded per request or connection'),
  loadBalancing: z.string(),
  retries: z.number().int().min(0),
  circuitBreakers: z.string().default('none'),
  accessLog: z.string().default('off'),
  tracing: z.string().default('off'),
  /** Of each proxy; null where there is none, or where nobody says. */
  workers: z.number().int().nullable().default(null),
  notes: z.string().describe('what it is not'),
});

export type Features = z.infer<typeof featuresSchema>;

/** Of a datapath that only forwards. */
export const PLAIN: Omit<Features, 'notes'> = {
  encryption: 'none',
  identity: 'none',
  l7PassesPerRequest: 0,
  policy: 'none',
  telemetry: 'none',
  loadBalancing: 'none',
  retries: 0,
  circuitBreakers: 'none',
  accessLog: 'off',
  tracing: 'off',
  workers: null,
};

/** Only datapaths of one tier are compared without a warning. */
export function tierOf(features: Features): string {
  const l7 = features.l7PassesPerRequest > 0 ? 'L7' : features.policy === 'none' ? 'plain' : 'L4';
  return features.encryption === 'none' ? l7 : `${l7}, encrypted`;
}
