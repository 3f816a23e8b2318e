/** The workloads. To add one: a file here and a line below. */
import type { Workload } from '../model/contracts/workload.ts';
import { grpcUnary } from './grpc-unary.ts';
import { httpEcho } from './http-echo.ts';

export const workloads: readonly Workload[] = [httpEcho, grpcUnary];
