import { describe, expect, it } from '@jest/globals';
import { AmazonModel } from './amazon-model.js';

const json = { 'content-type': 'application/json', 'x-amzn-RequestId': '1' };
const participation = {
  marketplace: {
    id: 'ATVPDKIKX0DER',
    name: 'Amazon.com',
    countryCode: 'US',
    defaultCurrencyCode: 'USD',
    defaultLanguageCode: 'en_US',
    domainName: 'www.amazon.com',
  },
  storeName: 'Shop',
  participation: { isParticipating: true, hasSuspendedListings: false },
};

describe('The judge of answers', () => {
  const model = AmazonModel.load('sellers.json');
  const judge = (status: number, body: unknown, headers: Record<string, string> = json) =>
    model.problemsOfResponse('getMarketplaceParticipations', {
      status,
      headers: new Headers(headers),
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('finds nothing wrong with what the model gives as its example', () => {
    expect(judge(200, { payload: [participation] })).toEqual([]);
  });

  it.each([
    ['a field is missing', { payload: [{ ...participation, storeName: undefined }] }],
    ['a field is of another type', { payload: [{ ...participation, storeName: 7 }] }],
    ['a field is invented', { payload: [{ ...participation, shop: 'x' }] }],
    [
      'a value breaks a pattern',
      { payload: [{ ...participation, marketplace: { ...participation.marketplace, countryCode: 'usa' } }] },
    ],
    ['errors are no list', { errors: {} }],
  ])('sees that %s', (_what, body) => {
    expect(judge(200, body)).toHaveLength(1);
  });

  it('sees a status, a content type, a missing request id and a body that the model does not have', () => {
    expect(judge(418, {})).toEqual(['status 418']);
    expect(judge(200, {}, { ...json, 'content-type': 'text/html' })).toEqual(['content type text/html']);
    expect(judge(200, {}, { 'content-type': 'application/json' })).toEqual(['x-amzn-RequestId is missing']);
    const empty = { status: 204, headers: new Headers(json), body: '{}' };
    const applications = AmazonModel.load('application_2023-11-30.json');
    expect(applications.problemsOfResponse('rotateApplicationClientSecret', empty)).toEqual([
      'a body where the model has none',
    ]);
  });
});

describe('The judge of requests', () => {
  const tokens = AmazonModel.load('tokens_2021-03-01.json');
  const sent = {
    method: 'POST',
    path: '/tokens/2021-03-01/restrictedDataToken',
    query: new URLSearchParams(),
    contentType: 'application/json',
    body: '{"restrictedResources":[{"method":"GET","path":"/orders/v0/orders"}]}',
  };
  const judge = (change: Partial<typeof sent>) =>
    tokens.problemsOfRequest('createRestrictedDataToken', { ...sent, ...change });

  it('finds nothing wrong with what the model asks for', () => {
    expect(judge({})).toEqual([]);
  });

  it.each([
    ['method', { method: 'PUT' }],
    ['path', { path: '/na/tokens/2021-03-01/restrictedDataToken' }],
    ['query', { query: new URLSearchParams('x=1') }],
    ['content type', { contentType: 'text/plain' }],
    ['restrictedResources', { body: '{}' }],
    ['method', { body: '{"restrictedResources":[{"method":"PATCH","path":"/a"}]}' }],
    ['additional properties', { body: '{"restrictedResources":[],"more":1}' }],
  ])('sees a wrong %s in %j', (what, change) => {
    expect(judge(change).join()).toContain(what);
  });

  it('sees a body where there is none to send', () => {
    const sellers = AmazonModel.load('sellers.json');
    const request = { ...sent, method: 'GET', path: '/sellers/v1/marketplaceParticipations' };
    expect(sellers.problemsOfRequest('getMarketplaceParticipations', request)).toEqual([
      'a body where the model has none',
    ]);
  });
});
