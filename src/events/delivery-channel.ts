import { type Delivery, type SentTo } from './delivery.entity.js';

/** A way to tell somebody: mail, webhooks. Registers itself with the `Dispatcher`. */
export interface DeliveryChannel {
  /** As in `NewDelivery.channel`. */
  readonly name: string;
  /** After this a hand-over has ended in any case. */
  readonly longestSeconds: number;

  /**
   * Looks up what is to be told, and to whom; several at once.
   * @throws DeliveryMoot
   */
  prepare(delivery: Delivery): Promise<HandOver>;
}

/**
 * Tells it. Doing so again must be recognizable to the receiver: the process may die before it is noted.
 * @returns whose address it went to
 * @throws DeliveryRefused, DeliveryDeferred, ChannelDown; anything else counts as a failure that may pass
 */
export type HandOver = () => Promise<SentTo>;

/** The other side said no, and would say so again. `code` is kept and shown; never an address in it. */
export class DeliveryRefused extends Error {
  constructor(readonly code: string) {
    super(`refused: ${code}`);
    this.name = 'DeliveryRefused';
  }
}

/** A failure of this delivery alone that may pass. */
export class DeliveryDeferred extends Error {
  constructor(readonly code: string) {
    super(`not now: ${code}`);
    this.name = 'DeliveryDeferred';
  }
}

/** Nobody can be reached at the moment: others would fail in the same way. */
export class ChannelDown extends Error {
  constructor(readonly code: string) {
    super(`the channel is down: ${code}`);
    this.name = 'ChannelDown';
  }
}

/** There is nothing to tell any more, or nobody to tell it to. */
export class DeliveryMoot extends Error {
  constructor(readonly code: string) {
    super(`moot: ${code}`);
    this.name = 'DeliveryMoot';
  }
}
