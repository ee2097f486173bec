import { describe, expect, it } from '@jest/globals';
import { HttpException, NotFoundException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { isDatabaseDown, toRegrantError } from './error-meaning.js';
import { Conflict } from './errors.js';

const SECRET = 'Atzr|secret';
const withCode = (code: string, message = SECRET) => Object.assign(new Error(message), { code });
const byFastify = (statusCode: number) => Object.assign(new Error(SECRET), { statusCode });

describe('toRegrantError', () => {
  it('leaves our own errors as they are', () => {
    const ours = new Conflict('It is there already.');
    expect(toRegrantError(ours)).toBe(ours);
  });

  it.each<[string, unknown, number, string]>([
    ['an unknown route', new NotFoundException(SECRET), 404, 'not_found'],
    ['a refusal of Nest', new HttpException(SECRET, 401), 401, 'unauthenticated'],
    ['too many requests', new HttpException(SECRET, 429), 429, 'rate_limited'],
    ['JSON that breaks off', byFastify(400), 400, 'invalid_request'],
    ['a method that nothing answers', byFastify(405), 405, 'invalid_request'],
    ['a body that is too large', byFastify(413), 413, 'invalid_request'],
    ['an address that is too long', byFastify(414), 414, 'invalid_request'],
    ['a type that we do not read', byFastify(415), 415, 'invalid_request'],
    ['another refusal', byFastify(418), 418, 'invalid_request'],
    ['an error of a library', byFastify(502), 500, 'internal'],
    ['a bug', new TypeError(SECRET), 500, 'internal'],
    ['a text that was thrown', SECRET, 500, 'internal'],
    ['nothing that was thrown', undefined, 500, 'internal'],
    ['an object that only looks like an error', { message: SECRET, statusCode: 400 }, 500, 'internal'],
  ])('answers %s without the message it came with', (_, thrown, status, code) => {
    const error = toRegrantError(thrown);
    expect(error).toMatchObject({ status, code });
    const { title, message, advice = '', errors = [], action } = error;
    expect(JSON.stringify({ title, message, advice, errors, action })).not.toContain('secret');
  });

  it('knows that a query failed because the database is down, and says when to come back', () => {
    const failed = new QueryFailedError('SELECT secret', [SECRET], withCode('57P01'));
    expect(toRegrantError(failed)).toMatchObject({ status: 503, code: 'internal', retryAfterSeconds: 5 });
    expect(toRegrantError(failed).message).toBe('The service cannot reach its database.');
  });
});

describe('isDatabaseDown', () => {
  it.each([
    'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN',
    '08000', '08001', '08003', '08004', '08006', '53300', '57P01', '57P02', '57P03', '25006',
  ])('holds for the code %s, also inside an error of TypeORM', (code) => {
    expect(isDatabaseDown(withCode(code))).toBe(true);
    expect(isDatabaseDown(new QueryFailedError('SELECT 1', [], withCode(code)))).toBe(true);
  }); // prettier-ignore

  it.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
  ])('holds for what the driver says without a code: %s', (message) => {
    expect(isDatabaseDown(new Error(message))).toBe(true);
  });

  it.each(['23505', '23503', '42P01', '40001', 'ENOENT'])('does not hold for %s', (code) => {
    expect(isDatabaseDown(withCode(code))).toBe(false);
  });
});
