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

  it('refuses an answer without selling_partner_id, or with nothing at all', () => {
    expect(failure({ selling_partner_id: undefined }).title).toContain('not complete');
    expect(() => readCallback({})).toThrow(ConnectFailure);
  });

  it('sends whoever left Amazon by another door, so without a state of ours, to connect from here', () => {
    expect(failure({ state: undefined }).title).toContain('connect from this website');
    expect(failure({ state: undefined, spapi_oauth_code: undefined }).title).toContain('from this website');
    expect(failure({ state: '' }).title).toContain('not complete');
  });

  it("reads a state without a code as a consent that was not given, with Amazon's error code if there is one", () => {
    const refused = { state: STATE };
    expect(readCallback(refused)).toEqual({ state: STATE });
    expect(readCallback({ ...refused, selling_partner_id: 'A2SELLER000001' })).toEqual({ state: STATE });
    for (const name of ['error', 'error_code'])
      expect(readCallback({ ...refused, [name]: 'MD1000' })).toEqual({ state: STATE, amazonError: 'MD1000' });
    for (const odd of ['<b>MD1000</b>', ['MD1000', 'MD1000'], 'md 1000', ''])
      expect(readCallback({ ...refused, error_code: odd })).toEqual({ state: STATE });
  });

  it('repeats nothing of the query in its messages', () => {
    const { message, title, advice } = failure({ selling_partner_id: ['A2SELLER000001', 'A2OTHER'] });
    for (const secret of [STATE, 'A2SELLER000001', 'code~'])
      expect(`${message} ${title} ${advice}`).not.toContain(secret);
  });
});
