/** What an address, an identity or a cgroup is called: what Cilium's agent knows from Kubernetes. */
import { readdirSync, statSync } from 'node:fs';
import { z } from 'zod';

export const endpointSchema = z.object({
  address: z.string(),
  id: z.number().int(),
  identity: z.number().int(),
  namespace: z.string(),
  pod: z.string(),
  labels: z.array(z.string()),
  node: z.string(),
  /** Its pod's cgroup in the unified hierarchy. */
  cgroup: z.string(),
});
export type EndpointName = z.infer<typeof endpointSchema>;

export const serviceSchema = z.object({ address: z.string(), port: z.number().int(), namespace: z.string(), name: z.string() });
export type ServiceName = z.infer<typeof serviceSchema>;

export class Names {
  readonly endpoints: readonly EndpointName[];
  readonly #byAddress: ReadonlyMap<string, EndpointName>;
  readonly #services: ReadonlyMap<string, ServiceName>;
  #byCgroup = new Map<bigint, EndpointName>();

  constructor(endpoints: readonly EndpointName[], services: readonly ServiceName[]) {
    this.endpoints = endpoints;
    this.#byAddress = new Map(endpoints.map((endpoint) => [endpoint.address, endpoint]));
    this.#services = new Map(services.map((service) => [`${service.address}:${service.port}`, service]));
  }

  ofAddress(address: string): EndpointName | undefined {
    return this.#byAddress.get(address);
  }

  ofService(address: string, port: number): ServiceName | undefined {
    return this.#services.get(`${address}:${port}`);
  }

  /** Cgroups come and go with processes: unknown ones are looked for once more. */
  ofCgroup(id: bigint): EndpointName | undefined {
    if (!this.#byCgroup.has(id))
      this.#byCgroup = new Map(this.endpoints.flatMap((each) => idsBelow(each.cgroup).map((found) => [found, each])));
    return this.#byCgroup.get(id);
  }
}

/** A cgroup's id is its directory's inode. */
function idsBelow(directory: string): bigint[] {
  try {
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [statSync(directory, { bigint: true }).ino, ...below.flatMap(({ name }) => idsBelow(`${directory}/${name}`))];
  } catch {
    return [];
  }
}
