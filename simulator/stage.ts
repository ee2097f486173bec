import type { Calls } from './calls.js';
import type { Mailbox } from './mail/mailbox.js';
import type { UsagePlans } from './sp-api/usage-plans.js';
import type { World } from './world/world.js';

/** What all parts of the simulator play on. */
export interface Stage {
  world: World;
  calls: Calls;
  mailbox: Mailbox;
  usagePlans: UsagePlans;
  /** Aborted when the simulator closes, so that slow answers do not hold it up. */
  closing: AbortSignal;
}
