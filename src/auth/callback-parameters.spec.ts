import { describe, expect, it } from '@jest/globals';
import { readCallback } from './callback-parameters.js';
import { ConnectFailure } from './connect-failure.js';

const STATE = 'S'.repeat(43);
const query = { state: STATE, selling_partner_id: 'A2SELLER000001', spapi_oauth_code: 'code~with/any+sign=' };

function failure(changed: Record<string, unknown>): ConnectFailure {
  try {
    readCallback({ ...query, ...changed });
  } catch (error) {
    if (error instanceof ConnectFailure) return error;
    throw error;
  }
  throw new Error('The parameters were accepted.');
}

describe('readCallback', () => {
  it('reads the three parameters, and lets others pass', () => {
    const read = { state: STATE, sellingPartnerId: 'A2SELLER000001', code: 'code~with/any+sign=' };
    expect(readCallback(query)).toEqual(read);
    expect(readCallback({ ...query, mws_auth_token: 'old', mws: ['x', 'y'] })).toEqual(read);
  });

  it.each(['state', 'selling_partner_id', 'spapi_oauth_code'])(
    'refuses %s when it is empty, repeated, oversized, or holds what no answer of Amazon does',
    (name) => {
      const value = String(query[name as keyof typeof query]);
      for (const bad of ['', [value, value], value.repeat(200), `${value} `, `${value}\n`, `${value}é`, {}])
        expect(failure({ [name]: bad })).toMatchObject({
          status: 400,
          title: expect.stringContaining('complete'),
        });
    },
  );

  it.each(['state', 'selling_partner_id'])('refuses an answer without %s', (name) => {
    expect(failure({ [name]: undefined }).title).toContain('not complete');
  });

  it('takes a state without a code as an authorization that was cancelled', () => {
    expect(failure({ spapi_oauth_code: undefined }).title).toContain('cancelled');
    expect(failure({ spapi_oauth_code: undefined, selling_partner_id: undefined }).title).toContain(
      'cancelled',
    );
  });

  it('repeats nothing of the query in its messages', () => {
    const { message, title, advice } = failure({ selling_partner_id: ['A2SELLER000001', 'A2OTHER'] });
    for (const secret of [STATE, 'A2SELLER000001', 'code~'])
      expect(`${message} ${title} ${advice}`).not.toContain(secret);
  });
});
