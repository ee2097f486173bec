import { setTimeout as wait } from 'node:timers/promises';
import type { Application, SellingPartner } from './default-world.js';

/** A way in which Amazon fails to answer properly. */
export type Failure = 'throttled' | 'error500' | 'garbage';

/** What a broken gateway in front of Amazon might send: success by its status, HTML by its content. */
export const GARBAGE = '<!doctype html><title>~</title><body>\u0000\ufffd\u0007<<<{"access_token":';

/** Waits where the scenario is to be slow; names the failure where it is to fail. */
export async function misbehave(
  { scenario, delayMs }: Pick<Application | SellingPartner, 'scenario' | 'delayMs'>,
  closing: AbortSignal,
): Promise<Failure | null> {
  if (scenario === 'slow') await wait(delayMs, undefined, { signal: closing });
  return scenario === 'throttled' || scenario === 'error500' || scenario === 'garbage' ? scenario : null;
}
