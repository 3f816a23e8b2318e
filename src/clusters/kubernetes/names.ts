/** What every object of ours is called and carries. `meshtax clean` finds leftovers by these alone. */
export const RUN_LABEL = 'meshtax/run';
export const ARM_LABEL = 'meshtax/arm';
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'meshtax' } as const;
/** Until when a run says it is alive, and the process that says so. */
export const LEASE_ANNOTATION = 'meshtax/alive-until';
export const HOLDER_ANNOTATION = 'meshtax/holder';

export function labelsOf(run: string): Record<string, string> {
  return { ...MANAGED_BY, [RUN_LABEL]: run };
}

/** Of the run itself: its lease and the inventory of what it installed. */
export function runNamespace(run: string): string {
  return `meshtax-${run}`;
}

export function armNamespace(run: string, number: number, arm: string): string {
  return `meshtax-${run}-${number}-${arm}`.slice(0, 63).replace(/-+$/, '');
}

/** The list of what a run installed is in its namespace; while it is there, something of it may be too. */
export const INVENTORY = 'inventory';

export function inventoryPath(run: string): string {
  return `/api/v1/namespaces/${runNamespace(run)}/configmaps/${INVENTORY}`;
}
