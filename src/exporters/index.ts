/** The exporters. To add one: a file here and a line below. */
import { bencher } from './bencher.ts';
import { benchmarkAction } from './benchmark-action.ts';
import { csv } from './csv.ts';
import type { Exporter } from './exporter.ts';
import { openmetrics } from './openmetrics.ts';
import { perfdash } from './perfdash.ts';
import { smp } from './smp.ts';

export const exporters: readonly Exporter[] = [openmetrics, csv, benchmarkAction, bencher, perfdash, smp];
