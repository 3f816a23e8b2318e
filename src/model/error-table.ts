/**
 * Every error a user can meet, as one table: code, one sentence, how to mend it, exit class.
 * Sentences hold `{placeholders}`; values are data and are only ever printed.
 */
export const EXIT = { ok: 0, bug: 1, usage: 2, preflight: 3, invalidTrials: 4, gate: 5, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorEntry {
  readonly sentence: string;
  readonly fix: string;
  readonly exit: ExitCode;
}

export const errorTable = {
  MT1001: {
    sentence: 'The experiment is not valid: {problem}.',
    fix: 'Correct the file; `meshtax init` writes a commented one and `meshtax schema` prints what is allowed.',
    exit: EXIT.usage,
  },
  MT1002: {
    sentence: 'The file {file} cannot be read: {reason}.',
    fix: 'Check the path; `ls workloads/experiments` lists the shipped experiments.',
    exit: EXIT.usage,
  },
  MT1003: {
    sentence: 'The file is not YAML: {problem}.',
    fix: 'Correct the syntax at the place named.',
    exit: EXIT.usage,
  },
  MT1004: {
    sentence: 'No generator drives a {loop}-loop load of protocol {protocol}.',
    fix: 'Use one of: {available}.',
    exit: EXIT.usage,
  },
  MT1005: {
    sentence: '{subject} is not valid: {problem}.',
    fix: 'See `meshtax {command} --help`.',
    exit: EXIT.usage,
  },
  MT1006: {
    sentence: 'The file {file} already exists.',
    fix: 'Choose another name; nothing is ever overwritten.',
    exit: EXIT.usage,
  },
  MT1007: {
    sentence: 'The datapath {datapath} does not run on the cluster {cluster}.',
    fix: 'Use one of its clusters: {available}.',
    exit: EXIT.usage,
  },
  MT1008: {
    sentence: 'The file {file} cannot be written: {reason}.',
    fix: 'Check the folder and its permissions.',
    exit: EXIT.usage,
  },
  MT1010: {
    sentence: 'The budgets are not valid: {problem}.',
    fix: 'Correct the file: `budgets`, a list of `failIf`, and `datapath` and `workload` where it is for one only.',
    exit: EXIT.usage,
  },
  MT1011: {
    sentence: 'The rule "{rule}" cannot be judged: {problem}.',
    fix: 'Correct the rule; `meshtax show RUN` and `meshtax report RUN --format text` tell what the run holds.',
    exit: EXIT.usage,
  },
  MT1012: {
    sentence: 'The experiment cannot be made into one of two versions: {problem}.',
    fix: 'Give it a baseline and, once, the datapath whose component is tracked; of a mesh, each version with its context (--at).',
    exit: EXIT.usage,
  },
  MT1013: {
    sentence: 'The file {file} cannot be imported: {problem}.',
    fix: 'Give the file that the tool wrote, whole; docs/import.md says how each is made.',
    exit: EXIT.usage,
  },
  MT1014: {
    sentence: 'These runs cannot be compared: {problem}.',
    fix: 'Compare runs of one experiment file; `meshtax show RUN` tells what a run was.',
    exit: EXIT.usage,
  },
  MT1015: {
    sentence: 'There is a series {name} already, {problem}: {folder}.',
    fix: 'Give the experiment another `name`: one series holds one component and one experiment.',
    exit: EXIT.usage,
  },
  MT2001: {
    sentence: 'This machine cannot run the lab: {problem}.',
    fix: '{fix}',
    exit: EXIT.preflight,
  },
  MT2002: {
    sentence: 'Another run ({run}, process {pid}) is measuring here.',
    fix: 'Wait for it to end. A run of its own may pass --allow-concurrent and expect noise (it is recorded in the run).',
    exit: EXIT.preflight,
  },
  MT2003: {
    sentence: 'Envoy is not available: {problem}.',
    fix: 'Run `./meshtax setup`, or point MESHTAX_ENVOY at an Envoy binary.',
    exit: EXIT.preflight,
  },
  MT2004: {
    sentence: 'The downloaded Envoy does not have the pinned SHA-256: expected {expected}, found {found}.',
    fix: 'Nothing was installed. Try again on a trusted network, or set MESHTAX_ENVOY.',
    exit: EXIT.preflight,
  },
  MT2005: {
    sentence: 'The C programs of the lab are not compiled: {problem}.',
    fix: '`./meshtax setup` compiles them, and installs what that needs.',
    exit: EXIT.preflight,
  },
  MT2007: {
    sentence: 'The port {port} of the loopback cannot be served: {reason}.',
    fix: 'Choose another one.',
    exit: EXIT.preflight,
  },
  MT2006: {
    sentence: 'The packages {packages} could not be installed: {problem}.',
    fix: 'Install them by hand and run `./meshtax setup` again.',
    exit: EXIT.preflight,
  },
  MT2008: {
    sentence: 'Another meshtax is changing the lab on this machine, for {seconds} s already.',
    fix: 'Try again when it is done.',
    exit: EXIT.preflight,
  },
  MT2009: {
    sentence: 'What the killed run {run} left cannot be removed: {problem}.',
    fix: 'See what holds it; `./meshtax clean --all` tries again.',
    exit: EXIT.preflight,
  },
  MT2010: {
    sentence: 'What only reads is not done as root, and root cannot be left here: {problem}.',
    fix: 'Start it as another user, install setpriv (package util-linux), or give the container CAP_SETPCAP.',
    exit: EXIT.preflight,
  },
  MT3001: {
    sentence: '{component} of {arm} did not start: {problem}.',
    fix: 'Its log is in the run directory: {log}.',
    exit: EXIT.preflight,
  },
  MT3002: {
    sentence: 'The traffic of {arm} was not on its datapath: {problem}.',
    fix: 'Nothing was measured for it: see to the path, then run it again.',
    exit: EXIT.preflight,
  },
  MT3003: {
    sentence: 'The generator cannot send {requested}/s to {arm}: it reached {achieved}/s.',
    fix: 'Lower the rate in the experiment, give it more connections, or measure on a machine with more CPUs.',
    exit: EXIT.invalidTrials,
  },
  MT3004: {
    sentence: 'The port {port} in {place} is taken.',
    fix: 'End whatever listens there, or `meshtax clean --all` if it is a leftover of ours.',
    exit: EXIT.preflight,
  },
  MT3005: {
    sentence: 'Interrupted; {trials} finished trials are kept in {directory}.',
    fix: 'Continue with `meshtax run --resume {directory}`.',
    exit: EXIT.interrupted,
  },
  MT3006: {
    sentence: '{component} of {arm} ended unexpectedly: {problem}.',
    fix: 'Its log is in the run directory: {log}.',
    exit: EXIT.invalidTrials,
  },
  MT3007: {
    sentence: '{trials} of {total} trials are invalid: {problem}.',
    fix: '`meshtax show {directory}` says which and why; they are stored but not averaged in.',
    exit: EXIT.invalidTrials,
  },
  MT3008: {
    sentence: 'The generator failed: {problem}.',
    fix: 'Its log is in the run directory: {log}.',
    exit: EXIT.invalidTrials,
  },
  MT3009: {
    sentence: 'The command `{command}` failed: {problem}.',
    fix: '`meshtax doctor` tells what this machine lacks.',
    exit: EXIT.preflight,
  },
  MT3010: {
    sentence: 'The plan was made from another experiment, version or machine: {problem}.',
    fix: 'Make it again with `meshtax plan EXPERIMENT --out PLAN`.',
    exit: EXIT.usage,
  },
  MT3011: {
    sentence: 'The run of {older} and {newer} ended early.',
    fix: 'Give the same command again: it goes on with that pair.',
    exit: EXIT.interrupted,
  },
  MT3012: {
    sentence: 'An instrument failed ({instrument}): {problem}.',
    fix: 'What was measured is kept, as invalid. The logs are in the run directory.',
    exit: EXIT.preflight,
  },
  MT3013: {
    sentence:
      'The server behind {arm} does not answer as it should: {failed} of {sent} requests failed ({problem}), at {achieved} of {requested}/s.',
    fix: 'Its log is in the run directory: {log}.',
    exit: EXIT.invalidTrials,
  },
  MT3014: {
    sentence: 'Deployment {deployment} could not be undone as a whole ({problem}): what is left would be measured beside the next one.',
    fix: '`meshtax clean --all` removes it, then `meshtax run --resume` goes on.',
    exit: EXIT.preflight,
  },
  MT3015: {
    sentence: 'Interrupted before it was done; nothing of it is kept.',
    fix: 'Give the same command again.',
    exit: EXIT.interrupted,
  },
  MT3016: {
    sentence: 'Nothing of {older} and {newer} could be compared: no trial of them is valid.',
    fix: 'Give the same command again when the machine is quiet: it goes on with that pair. `meshtax show latest` says what was wrong.',
    exit: EXIT.invalidTrials,
  },
  MT4001: {
    sentence: 'There is no run {run} under {directory}.',
    fix: '`meshtax list` shows the stored runs.',
    exit: EXIT.usage,
  },
  MT4002: {
    sentence: 'The run directory cannot be written: {problem}.',
    fix: 'Free some space or choose another place with --results; what was measured so far is kept.',
    exit: EXIT.preflight,
  },
  MT4003: {
    sentence: 'The stored run {run} is damaged: {problem}.',
    fix: 'Restore it from where it was published; nothing was changed.',
    exit: EXIT.usage,
  },
  MT4004: {
    sentence: 'The run {run} was written by a newer meshtax (format {found}, this one reads up to {known}).',
    fix: 'Update meshtax.',
    exit: EXIT.usage,
  },
  MT4005: {
    sentence: 'The run {run} is sealed; it cannot be continued.',
    fix: 'Start a new run.',
    exit: EXIT.usage,
  },
  MT4006: {
    sentence: 'The run {run} is going on in another process.',
    fix: 'Wait for it to end.',
    exit: EXIT.usage,
  },
  MT4007: {
    sentence: 'A histogram of the run cannot be read: {problem}.',
    fix: '`meshtax verify RUN` tells which file was changed; restore it from where it was published.',
    exit: EXIT.usage,
  },
  MT4008: {
    sentence: 'The run {run} is larger than what is read at once: {problem}.',
    fix: 'Measure so much as several runs; `meshtax compare` takes them together.',
    exit: EXIT.usage,
  },
  MT4009: {
    sentence: 'The command was ended by {signal} before it was done.',
    fix: 'If nobody sent it, the memory was not enough for what it read; take a part of it, or a larger machine.',
    exit: EXIT.preflight,
  },
  MT4010: {
    sentence: 'The run {run} has measured nothing yet: it is {status} ({why}).',
    fix: 'Continue it with `meshtax run --resume {run}`, or run its experiment again.',
    exit: EXIT.usage,
  },
  MT5001: {
    sentence: 'The context {context} cannot be used: {problem}.',
    fix: 'Check `kubectl --context={context} version`; contexts of your kubeconfig: {available}.',
    exit: EXIT.preflight,
  },
  MT5002: {
    sentence: '{program} cannot be used: {problem}.',
    fix: 'Install {program} and put it on PATH.',
    exit: EXIT.preflight,
  },
  MT5003: {
    sentence: 'The cluster {context} refused `{what}`: {problem}.',
    fix: '`meshtax doctor --cluster {context}` tells what is allowed and what is missing.',
    exit: EXIT.preflight,
  },
  MT5004: {
    sentence: 'The pods of {arm} on {context} were not ready after {seconds} s: {problem}.',
    fix: 'Mend what is named; `image`, `imagePullPolicy`, `qos` and `resources` are options of the cluster entry.',
    exit: EXIT.preflight,
  },
  MT5005: {
    sentence: 'The placement on {context} is not what the experiment asks for: {problem}.',
    fix: 'Change `placement`, `nodes` or `qos` of the cluster entry; `meshtax doctor --cluster {context}` lists the nodes.',
    exit: EXIT.preflight,
  },
  MT5006: {
    sentence: 'The cluster {context} looks like production: {problem}.',
    fix: 'Read what `meshtax plan` says it will create, then pass --yes-change-this-cluster.',
    exit: EXIT.preflight,
  },
  MT5007: {
    sentence: 'On {context}, {arm} is not what it is called: {problem}.',
    fix: 'Nothing was measured for it. Install what is missing, bind it to another context, or take it out of the experiment.',
    exit: EXIT.preflight,
  },
  MT5008: {
    sentence: 'Installing {release} on {context} with helm failed: {problem}.',
    fix: 'What was made so far is removed again. `charts` of the cluster entry says where a chart comes from.',
    exit: EXIT.preflight,
  },
  MT5009: {
    sentence: 'The cluster entry cannot be used as it is ({what}): {problem}.',
    fix: 'Correct the `cluster` entry.',
    exit: EXIT.usage,
  },
  MT5010: {
    sentence: 'The script of generator and server could not be made: {problem}.',
    fix: 'Run `./meshtax setup`; the project’s own sources and packages are needed.',
    exit: EXIT.preflight,
  },
} as const satisfies Record<string, ErrorEntry>;
