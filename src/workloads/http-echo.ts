import { memberSchema } from '../model/experiment.ts';
import type { Workload } from '../model/contracts/workload.ts';
import { echoOptions, serverSpec } from './options.ts';

/** HTTP/1.1: GET (or POST when a request has a payload), fixed-size reply, keep-alive. */
export const httpEcho: Workload = {
  id: 'http-echo',
  title: 'HTTP/1.1 echo',
  protocol: 'http',
  schema: memberSchema('http-echo', echoOptions('0B')),
  server: (selected, index) => serverSpec('http', selected, { service: 80, container: 8080 }, index),
};
