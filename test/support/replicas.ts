import { randomBytes } from 'node:crypto';
import { API_KEY } from './app.js';
import { createDatabase, type TestDatabase } from './database.js';
import { api } from './people.js';
import { freePort } from './ports.js';
import { Regrant } from './regrant.js';

export interface VendAnswer {
  status: number;
  headers: Headers;
  body: { accessToken?: string; code?: string };
}

/** Several real processes of the built service on one database. */
export class Replicas {
  private constructor(
    readonly all: Regrant[],
    readonly database: TestDatabase,
    readonly settings: Record<string, string>,
  ) {}

  /** @param special further settings of the last one */
  static async start(
    count: number,
    settings: Record<string, string>,
    special: (database: TestDatabase) => Record<string, string> = () => ({}),
  ): Promise<Replicas> {
    const database = await createDatabase();
    const common = {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
      BOOTSTRAP_API_KEY: API_KEY,
      RATE_LIMITS: 'off',
      ...settings,
    };
    const all: Regrant[] = [];
    while (all.length < count) {
      const own = all.length === count - 1 ? special(database) : {};
      all.push(Regrant.spawn({ ...common, ...own, PORT: String(await freePort()) }));
    }
    await Promise.all(all.map((replica) => replica.ready()));
    return new Replicas(all, database, common);
  }

  /** The nth one's address; counted round and round. */
  url(n: number): string {
    return this.all[n % this.all.length]?.url ?? '';
  }

  vend(n: number, id: string, body: object = {}, key = API_KEY): Promise<VendAnswer> {
    return api(this.url(n), 'POST', `/api/v1/authorizations/${id}/access-token`, { body, key });
  }

  /** Brings a refresh token, or another one for the same grant; Amazon is not asked. Answers the authorization's id. */
  async bring(sellingPartnerId: string, refreshToken: string, more: object = {}): Promise<string> {
    const body = { sellingPartnerId, region: 'NA', refreshToken, verify: false, ...more };
    const answer = await api<{ id: string }>(this.url(0), 'POST', '/api/v1/authorizations', { body });
    if (answer.status > 201) throw new Error(`The import answered ${answer.status}`);
    return answer.body.id;
  }

  async stop(): Promise<void> {
    for (const replica of this.all) replica.kill('SIGKILL');
    await Promise.all(this.all.map((replica) => replica.ended()));
    await this.database.drop();
  }
}
