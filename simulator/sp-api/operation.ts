import type { Calls } from '../calls.js';
import type { Stage } from '../stage.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import type { Region } from '../world/marketplaces.js';
import type { SpApiAnswer } from './answers.js';
import type { UsagePlan } from './usage-plans.js';

/** A call on behalf of a partner, at the endpoint of a region. */
export interface PartnerCall {
  application: Application;
  partner: SellingPartner;
  region: Region;
  body: unknown;
}

interface OperationBase {
  /** Under which name calls are counted. */
  name: Exclude<keyof Calls['counts']['spApi'], 'total'>;
  method: 'GET' | 'POST';
  path: string;
  plan: UsagePlan;
}

/** An operation of the SP-API, for a partner's access token or for a grantless one of that scope. */
export type Operation =
  | (OperationBase & { answer(stage: Stage, call: PartnerCall): SpApiAnswer })
  | (OperationBase & { scope: string; answerGrantless(stage: Stage, application: Application): SpApiAnswer });
