/** The engines an open load can use, by the name a generator gives. Loaded when first asked for: grpc-js is slow to import. */
import type { Engine } from './arm-client.ts';

export const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  http1: async () => (await import('./http1-engine.ts')).http1Engine,
  'grpc-frames': async () => (await import('./grpc-engine.ts')).grpcEngine,
  'grpc-js': async () => (await import('./grpc-js-engine.ts')).grpcJsEngine,
};
