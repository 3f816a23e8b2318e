/** Reading an experiment: YAML to Experiment. */
import { experimentSchema, type Experiment } from '../model/experiment.ts';
import type { Families } from './app.ts';
import { parseYaml } from './yaml-file.ts';

/** @throws MeshtaxError MT1001, MT1003 with `file:line:col`. */
export function parseExperiment(families: Families, text: string, file: string): Experiment {
  return parseYaml(experimentSchema(catalogueOf(families)), text, file, 'MT1001');
}

export function catalogueOf(families: Families) {
  return {
    clusters: families.clusters.map((cluster) => cluster.schema),
    datapaths: families.datapaths.map((datapath) => datapath.schema),
    workloads: families.workloads.map((workload) => workload.schema),
  };
}
