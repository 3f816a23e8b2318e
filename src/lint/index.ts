/** The rules. To add one: a file in rules/ and a line below. */
import type { LintRule } from './document.ts';
import { ciliumCommands } from './rules/cilium-commands.ts';
import { ciliumPolicies } from './rules/cilium-policies.ts';
import { helmKeys } from './rules/helm-keys.ts';
import { helmValues } from './rules/helm-values.ts';
import { hubbleCommands } from './rules/hubble-commands.ts';
import { istioResources } from './rules/istio-resources.ts';
import { promql } from './rules/promql.ts';
import { tracingPolicies } from './rules/tracing-policies.ts';

export const rules: readonly LintRule[] = [
  helmKeys,
  helmValues,
  ciliumPolicies,
  istioResources,
  tracingPolicies,
  hubbleCommands,
  ciliumCommands,
  promql,
];
