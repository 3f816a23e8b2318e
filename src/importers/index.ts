/** The importers, the more particular before the more general. To add one: a file here and a line below. */
import { fortio } from './fortio.ts';
import { ghz } from './ghz.ts';
import { h2load, h2loadLog } from './h2load.ts';
import type { Importer } from './importer.ts';
import { k6 } from './k6.ts';
import { nighthawk } from './nighthawk.ts';
import { oha } from './oha.ts';
import { wrk, wrk2 } from './wrk.ts';

export const importers: readonly Importer[] = [nighthawk, fortio, wrk2, wrk, k6, ghz, oha, h2load, h2loadLog];
