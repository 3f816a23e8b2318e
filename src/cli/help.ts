/** Words of the command line that several commands share, or that are long. */

/** What `report` is asked of one run. */
export const OF_ONE_RUN = [
  'format',
  'out',
  'charts',
  'interactive',
  'acrossTiers',
  'nodes',
  'podsPerNode',
  'requestsPerSecond',
  'coreHour',
  'gibHour',
];

export const BUDGET =
  'for instance 10m. when-resolved: this instead of the file’s; fixed: as many blocks as should fit. From the first deployment on';

export const EXAMPLES = `
examples:
  ./meshtax quickstart                       measure this machine, read the report
  ./meshtax init my.yaml                     start an experiment of your own
  ./meshtax plan my.yaml                     what would it do, and for how long?
  ./meshtax run my.yaml
  ./meshtax report latest --format html --out report.html

exit codes: 0 done, 1 a bug, or something is left (clean, test), 2 usage or experiment, 3 preflight failed, 4 some trials invalid,
  5 gate or calibration not passed, 130 interrupted; docs/codes.md has every code`;
