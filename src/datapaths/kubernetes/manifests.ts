import type { KubernetesObject, ManifestKit } from '../../model/contracts/kubernetes.ts';
import { fillShape, type ConfigValue } from '../shape.ts';

/** The objects of a file below clusters/kubernetes/, with its `$names` filled in. */
export async function objectsFrom(
  kit: ManifestKit,
  file: string,
  values: Readonly<Record<string, ConfigValue>> = {},
): Promise<readonly KubernetesObject[]> {
  const filled = fillShape(await kit.read(file), { namespace: kit.namespace, ...values });
  return filled as unknown as readonly KubernetesObject[];
}

/** Fields of the options of every datapath that a chart brings. */
export const HOW = ['use', 'install'] as const;
