import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { SellingPartner } from './default-world.js';
import { describeMarketplaces, type Region } from './marketplaces.js';
import { type Failure, GARBAGE, misbehave } from './misbehaviour.js';
import type { Stage } from './stage.js';
import { readToken } from './tokens.js';

const ENDPOINTS: [prefix: string, region: Region][] = [
  ['', 'NA'],
  ['/na', 'NA'],
  ['/eu', 'EU'],
  ['/fe', 'FE'],
];

/** The SP-API operations of sellers, once per regional endpoint. */
export function registerSpApi(app: FastifyInstance, stage: Stage): void {
  for (const [prefix, region] of ENDPOINTS) {
    app.get(`${prefix}/sellers/v1/marketplaceParticipations`, async (request, reply) => {
      stage.calls.counts.spApi.total += 1;
      stage.calls.counts.spApi.marketplaceParticipations += 1;
      reply.header('x-amzn-RequestId', randomUUID());

      const caller = identify(stage, request.headers['x-amz-access-token']);
      if ('refusal' in caller) return deny(reply, caller.refusal);
      const failure = await misbehave(caller.partner, stage.closing);
      if (failure) return fail(reply, failure);
      return answerParticipations(reply.header('x-amzn-RateLimit-Limit', '0.016'), caller.partner, region);
    });
  }
}

/** Whom an access token speaks for, or Amazon's words for why it speaks for nobody. */
function identify({ world }: Stage, header: unknown): { partner: SellingPartner } | { refusal: string } {
  if (typeof header !== 'string') return { refusal: 'Access token is missing in the request header.' };
  const invalid = { refusal: 'The access token you provided is revoked, malformed or invalid.' };
  const token = readToken('Atza', header);
  const application = token && world.findApplication(token.applicationId);
  if (!application) return invalid;
  if (token.expiresAt <= world.now().getTime())
    return { refusal: 'The access token you provided has expired.' };
  if (application.scenario === 'secretExpired') {
    return { refusal: 'The LWA secret token you provided has expired.' };
  }
  // Amazon gives no details for a grantless token where a partner's token belongs.
  if (token.sellingPartnerId === null) return { refusal: '' };
  const { sellingPartnerId } = token;
  const revoked = world.isRevoked({ ...token, sellingPartnerId }, token.issuedAt);
  return revoked ? invalid : { partner: world.partner(sellingPartnerId) };
}

function answerParticipations(reply: FastifyReply, partner: SellingPartner, region: Region): FastifyReply {
  if (partner.partnerType === 'vendor') return deny(reply, '');
  // Seen with the real SP-API in place of a refusal: success that lists nothing.
  if (partner.scenario === 'wrongRegion') return reply.send({ payload: [] });
  if (partner.region !== region) return deny(reply, '');
  const payload = describeMarketplaces(partner.marketplaceIds).map((marketplace) => ({
    marketplace,
    storeName: partner.name,
    participation: { isParticipating: true, hasSuspendedListings: false },
  }));
  return reply.send({ payload });
}

function deny(reply: FastifyReply, details: string): FastifyReply {
  const error = { code: 'Unauthorized', message: 'Access to requested resource is denied.', details };
  return reply.code(403).send({ errors: [error] });
}

function fail(reply: FastifyReply, failure: Failure): FastifyReply {
  switch (failure) {
    case 'throttled': {
      const message = 'You exceeded your quota for the requested resource.';
      reply.code(429).header('retry-after', '1');
      return reply.send({ errors: [{ code: 'QuotaExceeded', message, details: '' }] });
    }
    case 'error500': {
      const message = 'We encountered an internal error. Please try again.';
      return reply.code(500).send({ errors: [{ code: 'InternalFailure', message, details: '' }] });
    }
    case 'garbage':
      return reply.type('text/html; charset=utf-8').send(GARBAGE);
  }
}
