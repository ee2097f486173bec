import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { type RegrantConfig } from '../config/config.js';
import { Sealer, SealError } from './sealer.js';

const place = { table: 'authorizations', column: 'sealed_refresh_token', rowId: '6b7c' };
const key = (id: string) => ({ id, key: randomBytes(32) });
const sealerWith = (...encryptionKeys: { id: string; key: Buffer }[]) =>
  new Sealer({ encryptionKeys } as unknown as RegrantConfig);

describe('Sealer', () => {
  const first = key('k1');

  it('opens what it sealed, and shows nothing of it', () => {
    const sealer = sealerWith(first);
    const sealed = sealer.seal('Atzr|secret', place);
    expect(sealer.open(sealed, place)).toBe('Atzr|secret');
    expect(sealed).toMatch(/^s1\.k1\.[\w-]+$/);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('secret');
  });

  it('never gives the same envelope twice', () => {
    const sealer = sealerWith(first);
    const envelopes = new Set(Array.from({ length: 100 }, () => sealer.seal('same', place)));
    expect(envelopes.size).toBe(100);
  });

  it.each([
    ['row', { ...place, rowId: 'other' }],
    ['column', { ...place, column: 'sealed' }],
    ['table', { ...place, table: 'applications' }],
  ])('does not open a value that was moved to another %s', (_what, elsewhere) => {
    const sealer = sealerWith(first);
    expect(() => sealer.open(sealer.seal('x', place), elsewhere)).toThrow(SealError);
  });

  it('does not open a value of which any part was changed', () => {
    const sealer = sealerWith(first);
    const [version, id, payload = ''] = sealer.seal('Atzr|secret', place).split('.');
    const bytes = Buffer.from(payload, 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => sealer.open(`${version}.${id}.${changed.toString('base64url')}`, place)).toThrow(
        SealError,
      );
    }
  });

  it('seals under the first key and opens under all of them', () => {
    const second = key('k2');
    const old = sealerWith(first).seal('x', place);
    const both = sealerWith(second, first);
    expect(both.open(old, place)).toBe('x');
    expect(both.seal('y', place)).toMatch(/^s1\.k2\./);
  });

  it('names the missing key, and does not open under another key of the same name', () => {
    const sealed = sealerWith(first).seal('x', place);
    expect(() => sealerWith(key('k9')).open(sealed, place)).toThrow(/"k1", which is not in ENCRYPTION_KEYS/);
    expect(() => sealerWith(key('k1')).open(sealed, place)).toThrow(SealError);
  });

  it.each(['', 's1.k1', 's1.k1.AAAA', 's2.k1.AAAA', 's1.k1.AAAA.AAAA'])(
    'refuses the envelope %j',
    (envelope) => {
      expect(() => sealerWith(first).open(envelope, place)).toThrow(SealError);
    },
  );
});
