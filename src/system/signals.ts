/** The signals that ask a process to end. */

/** A hang-up is none for what nohup started: ./meshtax says so, because Node forgets that a signal was to be ignored. */
export function onEndSignal(act: (signal: NodeJS.Signals) => void): void {
  process.on('SIGINT', act);
  process.on('SIGTERM', act);
  process.on('SIGHUP', process.env['MESHTAX_NOHUP'] === '1' ? () => {} : act);
}
