import { memberSchema } from '../model/experiment.ts';
import type { Workload } from '../model/contracts/workload.ts';
import { echoOptions, serverSpec } from './options.ts';

/** gRPC: one unary call of workloads/echo.proto per request, HTTP/2 without TLS, trailers with status. */
export const grpcUnary: Workload = {
  id: 'grpc-unary',
  title: 'gRPC unary',
  protocol: 'grpc',
  schema: memberSchema('grpc-unary', echoOptions('16B')),
  server: (selected, index) => serverSpec('grpc', selected, { service: 7000, container: 9000 }, index),
};
