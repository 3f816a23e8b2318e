/** The checks that do not depend on the cluster; a cluster brings its own doctor checks. To add one: a file and a line. */
import type { Check } from '../model/contracts/check.ts';
import { achievedRate } from './achieved-rate.ts';
import { backlogEmpty } from './backlog-empty.ts';
import { componentsAlive } from './components-alive.ts';
import { coupling } from './coupling.ts';
import { cpuCount } from './cpu-count.ts';
import { flowsSeen } from './flows-seen.ts';
import { freeMemory } from './free-memory.ts';
import { generatorBusy } from './generator-busy.ts';
import { governor } from './governor.ts';
import { hostStalls } from './host-stalls.ts';
import { instrumentsAgree } from './instruments-agree.ts';
import { noErrors } from './no-errors.ts';
import { onPath } from './on-path.ts';
import { pacerOnTime } from './pacer-on-time.ts';
import { pathExact } from './path-exact.ts';
import { steal } from './steal.ts';
import { strangers } from './strangers.ts';
import { windowKept } from './window-kept.ts';
import { wireEncrypted } from './wire-encrypted.ts';

export const checks: readonly Check[] = [
  cpuCount,
  governor,
  steal,
  freeMemory,
  onPath,
  flowsSeen,
  wireEncrypted,
  achievedRate,
  noErrors,
  backlogEmpty,
  generatorBusy,
  pacerOnTime,
  windowKept,
  componentsAlive,
  pathExact,
  hostStalls,
  strangers,
  coupling,
  instrumentsAgree,
];
