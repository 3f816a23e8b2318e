/** Where cAdvisor's figures of a deployment are read: the lab's exporter, or a kubelet through the API server. */
import type { Role } from './deployment.ts';

/** One exporter: one per node. Deployments on one node share the object, so that it is scraped once for all. */
export interface CadvisorSource {
  /** How often it samples, at most. */
  readonly housekeepingMs: number;
  /** Where a person finds it. */
  readonly where: string;
  /** How far its clock may be from ours. */
  readonly clockErrorMs: number;
  /** The page as text. @throws when it cannot be had. */
  scrape(): Promise<string>;
}

/** The containers and pods of one deployment that one source shows. */
export interface CadvisorView {
  readonly source: CadvisorSource;
  readonly containers: readonly { readonly role: Role; readonly namespace: string; readonly pod: string; readonly container: string }[];
  /** `name`: of the pod in our own words, `client` or `server`. */
  readonly pods: readonly { readonly name: string; readonly namespace: string; readonly pod: string }[];
}
