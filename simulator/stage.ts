import type { Calls } from './calls.js';
import type { Mailbox } from './mailbox.js';
import type { World } from './world.js';

/** What all parts of the simulator play on. */
export interface Stage {
  world: World;
  calls: Calls;
  mailbox: Mailbox;
  /** Aborted when the simulator closes, so that slow answers do not hold it up. */
  closing: AbortSignal;
}
