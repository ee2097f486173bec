import { describe, expect, it } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import { type DataKeys } from './data-keys.service.js';
import { SealError, type SealingKey } from './envelope.js';
import { Sealer } from './sealer.js';

const place = { table: 'authorizations', column: 'sealed_refresh_token', rowId: '6b7c' } as const;
const key = (id: string): SealingKey => ({ id, key: createSecretKey(randomBytes(32)) });

/** A sealer over keys in memory: the first one seals. */
function sealerWith(...keys: SealingKey[]): Sealer {
  const dataKeys: Pick<DataKeys, 'find'> & {
    forSealing(): SealingKey | undefined;
    load: () => Promise<never>;
  } = {
    forSealing: () => keys[0],
    find: (id) => keys.find((key) => key.id === id) as ReturnType<DataKeys['find']>,
    load: () => Promise.reject(new SealError('unknown key')),
  };
  return new Sealer(dataKeys as unknown as DataKeys);
}

describe('Sealer', () => {
  const first = key('dk_1');

  it('opens what it sealed, and shows nothing of it', async () => {
    const sealer = sealerWith(first);
    const sealed = sealer.seal('Atzr|secret', place);
    expect(await sealer.open(sealed, place)).toBe('Atzr|secret');
    expect(sealed).toMatch(/^s1\.dk_1\.[\w-]+$/);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('secret');
  });

  it('never gives the same envelope twice', () => {
    const sealer = sealerWith(first);
    const envelopes = new Set(Array.from({ length: 100 }, () => sealer.seal('same', place)));
    expect(envelopes.size).toBe(100);
  });

  it.each([
    ['row', { ...place, rowId: 'other' }],
    [
      'column and table',
      { table: 'application_client_secrets', column: 'sealed', rowId: place.rowId } as const,
    ],
  ])('does not open a value that was moved to another %s', async (_what, elsewhere) => {
    const sealer = sealerWith(first);
    await expect(sealer.open(sealer.seal('x', place), elsewhere)).rejects.toThrow(SealError);
  });

  it('does not open a value of which any byte was changed', async () => {
    const sealer = sealerWith(first);
    const [version, id, payload = ''] = sealer.seal('Atzr|secret', place).split('.');
    const bytes = Buffer.from(payload, 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      const envelope = `${version}.${id}.${changed.toString('base64url')}`;
      await expect(sealer.open(envelope, place)).rejects.toThrow(SealError);
    }
  });

  it('does not open a value whose key id was changed, even to a key with the same bytes', async () => {
    const sealed = sealerWith(first).seal('x', place);
    const twin = { ...first, id: 'dk_2' };
    await expect(sealerWith(twin).open(sealed.replace('dk_1', 'dk_2'), place)).rejects.toThrow(SealError);
  });

  it('seals under the first key and opens under all of them', async () => {
    const old = sealerWith(first).seal('x', place);
    const both = sealerWith(key('dk_2'), first);
    expect(await both.open(old, place)).toBe('x');
    expect(both.seal('y', place)).toMatch(/^s1\.dk_2\./);
  });

  it('opens nothing under another key of the same name', async () => {
    const sealed = sealerWith(first).seal('x', place);
    await expect(sealerWith(key('dk_1')).open(sealed, place)).rejects.toThrow(SealError);
  });

  it.each(['', 's1.dk_1', 's1.dk_1.AAAA', 's2.dk_1.AAAA', 's1.dk_1.AAAA.AAAA'])(
    'refuses the envelope %j',
    async (envelope) => {
      await expect(sealerWith(first).open(envelope, place)).rejects.toThrow(SealError);
    },
  );
});
