/**
 * Loaded into every Node process of a run (`NODE_OPTIONS=--import`): its wall clock is off by as many milliseconds as the file
 * MESHTAX_CLOCK says, looked at ten times a second. Monotonic time is left alone, as the kernel leaves it when a clock is set.
 */
import { readFileSync } from 'node:fs';

const file = process.env['MESHTAX_CLOCK'] ?? '';
const RealDate = Date;
let offMs = 0;
setInterval(() => {
  try {
    offMs = Number(readFileSync(file, 'utf8'));
  } catch {
    // the run is over, and its files are gone
  }
}, 100).unref();

const nowMs = (): number => RealDate.now() + offMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], asked) =>
    args.length === 0 ? new RealDate(nowMs()) : (Reflect.construct(target, args, asked) as object),
  get: (target, name) => (name === 'now' ? nowMs : (Reflect.get(target, name) as unknown)),
});
