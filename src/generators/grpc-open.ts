import type { Generator } from '../model/contracts/generator.ts';

/** Unary gRPC with our own framing on plain sockets: less than half the CPU of grpc-js, hence the measuring engine. */
export const grpcOpen: Generator = {
  id: 'grpc-open',
  title: 'gRPC open loop, own HTTP/2 framing',
  loop: 'open',
  protocol: 'grpc',
  placement: 'shared',
  drives: (load) => load.loop === 'open' && load.grpcEngine === 'http2',
  engine: 'grpc-frames',
};

/** The reference client: what a real application uses, and the check that our framing is right. */
export const grpcOpenConformance: Generator = {
  id: 'grpc-open-conformance',
  title: 'gRPC open loop, @grpc/grpc-js',
  loop: 'open',
  protocol: 'grpc',
  placement: 'in-pod',
  drives: (load) => load.loop === 'open' && load.grpcEngine === 'grpc-js',
  engine: 'grpc-js',
};
