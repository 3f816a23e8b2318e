/** The load generators. To add one: a file here, a line below, an engine in process/engines.ts. */
import type { Generator } from '../model/contracts/generator.ts';
import { grpcOpen, grpcOpenConformance } from './grpc-open.ts';
import { httpCapacity } from './http-capacity.ts';
import { httpOpen } from './http-open.ts';

export const generators: readonly Generator[] = [httpOpen, grpcOpen, grpcOpenConformance, httpCapacity];
