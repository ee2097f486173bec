import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmazonProxy } from './support/amazon-proxy.js';
import { startTestApp, type TestApp } from './support/app.js';
import { type Answer, type BrowserClient } from './support/browser-client.js';
import { randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

const SELLERS = 3;
const PARTNERS = 3;

/** One thing that somebody does; `pick` chooses among what there is to choose from. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const), who: fc.nat(SELLERS - 1) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), pick: fc.nat() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('appstore' as const),
        who: fc.nat(SELLERS - 1),
        partner: fc.nat(PARTNERS - 1),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('consent' as const),
        pick: fc.nat(),
        partner: fc.nat(PARTNERS - 1),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('return' as const), pick: fc.nat() }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('steal' as const), pick: fc.nat(), who: fc.nat(SELLERS - 1) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), pick: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), pick: fc.nat() }) },
  ),
  { minLength: 8, maxLength: 30 },
);

interface Row {
  partner: string;
  seller: string;
  connected: boolean;
}

/** A consent under way: who began it, and for which selling partner where that was known. */
interface Leaving {
  who: number;
  url: string;
  appstore: boolean;
  bound?: string;
}
/** Amazon's redirect back, ready to be opened as often as somebody likes. */
interface Returning extends Leaving {
  partner: string;
  callback: string;
}

/** Whose a selling partner is; one that was disconnected may be connected by anybody who consents at Amazon. */
interface Owner {
  who: number;
  page: string;
  connected: boolean;
}

describe('Whatever several sellers do, in whatever order', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let app: TestApp;
  let browsers: BrowserClient[];
  let sellerIds: string[];

  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    app = await startTestApp({ ...simulator.settings, ...amazon.settings });
    await simulator.application({ loginUri: `${app.url}/sp-api/login` });
    const people = await Promise.all(Array.from({ length: SELLERS }, () => signUp(app.url)));
    browsers = people;
    const rows = await app.database.query<{ id: string; email: string }>('SELECT id, email FROM sellers');
    sellerIds = people.map(({ email }) => rows.find((row) => row.email === email)?.id ?? '');
  });
  afterAll(async () => {
    await app.stop();
    amazon.stop();
    await simulator.stop();
  });

  /** The world as it should be, moved along with the real one. */
  class Model {
    readonly partners = Array.from({ length: PARTNERS }, randomPartner);
    readonly leaving: Leaving[] = [];
    readonly returning: Returning[] = [];
    /** Whose each connected selling partner is, and where its page is. */
    readonly owners = new Map<string, Owner>();
    /** How each callback that was opened by its own browser ended. */
    readonly ended = new Map<string, string>();

    async run(step: typeof steps extends fc.Arbitrary<(infer Step)[]> ? Step : never): Promise<void> {
      switch (step.do) {
        case 'start':
          return this.left(
            step.who,
            await browser(step.who).submit('/connections/new', 'Continue to Amazon'),
          );
        case 'renew': {
          const [partner, owner] = choose([...this.owners], step.pick) ?? [];
          if (!partner || !owner?.connected) return;
          return this.left(owner.who, await browser(owner.who).submit(owner.page, 'Renew'), {
            bound: partner,
          });
        }
        case 'appstore':
          return this.fromAppstore(step.who, this.partner(step.partner));
        case 'consent':
          return this.consent(choose(this.leaving, step.pick), this.partner(step.partner));
        case 'return': {
          const found = choose(this.returning, step.pick);
          return found && this.comesBack(found);
        }
        case 'steal': {
          const found = choose(this.returning, step.pick);
          if (found && found.who !== step.who)
            expect((await browser(step.who).get(found.callback)).status).toBe(403);
          return;
        }
        case 'crash': {
          const found = choose(this.returning, step.pick);
          return found && this.crash(found);
        }
        case 'disconnect': {
          const [partner, owner] = choose([...this.owners], step.pick) ?? [];
          return owner && this.disconnect(partner ?? '', owner);
        }
      }
    }

    /** What is stored must be what the model says, and no code may have been exchanged twice. */
    async check(): Promise<void> {
      const sql = `SELECT selling_partner_id AS partner, seller_id AS seller, status = 'active' AS connected
        FROM authorizations WHERE selling_partner_id = ANY($1)`;
      const rows = await app.database.query<Row>(sql, [this.partners]);
      const stored = rows.map(({ partner, ...row }) => [partner, row] as const);
      const expected = [...this.owners].map(
        ([partner, { who, connected }]) => [partner, { seller: sellerIds[who], connected }] as const,
      );
      expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(expected));
      const codes = amazon.calls.map(({ form }) => form.get('code')).filter((code) => code !== null);
      expect(new Set(codes).size).toBe(codes.length);
    }

    private partner(index: number): string {
      return this.partners[index] ?? '';
    }

    private left(who: number, answer: Answer, more: Partial<Leaving> = {}): void {
      expect(answer.status).toBe(303);
      this.leaving.push({ who, url: answer.location, appstore: false, ...more });
    }

    private async fromAppstore(who: number, partner: string): Promise<void> {
      const address = await simulator.appstore(partner);
      const owner = this.owners.get(partner);
      const page = await browser(who).get(address);
      if (owner?.connected && owner.who !== who) return void expect(page.status).toBe(409);
      const answer = await browser(who).submitForm(page, address, 'Continue to Amazon');
      this.left(who, answer, { appstore: true, bound: partner });
    }

    private async consent(leaving: Leaving | undefined, chosen: string): Promise<void> {
      if (!leaving) return;
      this.leaving.splice(this.leaving.indexOf(leaving), 1);
      const partner = leaving.appstore ? (leaving.bound ?? '') : chosen;
      const callback = leaving.appstore
        ? await simulator.confirm(leaving.url)
        : await simulator.consent(leaving.url, partner);
      this.returning.push({ ...leaving, partner, callback });
    }

    private async comesBack({ who, partner, bound, callback }: Returning): Promise<void> {
      const answer = await browser(who).get(callback);
      const before = this.ended.get(callback);
      const outcome = answer.location || String(answer.status);
      this.ended.set(callback, outcome);
      if (before !== undefined) return void expect(outcome).toBe(before);
      const owner = this.owners.get(partner);
      const refused = (bound !== undefined && bound !== partner) || (owner?.connected && owner.who !== who);
      if (refused) return void expect(answer.status).toBe(409);
      expect(answer.status).toBe(303);
      if (owner) expect(answer.location).toBe(owner.page);
      this.owners.set(partner, { who, page: answer.location, connected: true });
    }

    private async disconnect(partner: string, owner: Owner): Promise<void> {
      if (!owner.connected) return;
      const question = await browser(owner.who).submit(owner.page, 'Disconnect');
      await browser(owner.who).submitForm(question, owner.page, 'Disconnect');
      this.owners.set(partner, { ...owner, connected: false });
    }

    /** The process died after it took the state and before it stored anything. */
    private async crash({ callback }: Returning): Promise<void> {
      if (this.ended.has(callback)) return;
      const state = new URL(callback).searchParams.get('state');
      const sql =
        "UPDATE oauth_states SET used_at = $2 WHERE state_hash = sha256(convert_to($1, 'UTF8')) AND used_at IS NULL";
      await app.database.query(sql, [state, new Date(app.clock.now().getTime() - 3_600_000)]);
      this.ended.set(callback, '503');
    }
  }

  const browser = (who: number): BrowserClient => {
    const found = browsers[who];
    if (!found) throw new Error(`There is no seller ${who}`);
    return found;
  };

  it('every authorization belongs to the account whose browser began it, and no state works twice', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const model = new Model();
        for (const step of sequence) {
          await model.run(step);
          await model.check();
        }
      }),
      { numRuns: 25, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
    );
  }, 120_000);
});

function choose<T>(from: readonly T[], pick: number): T | undefined {
  return from.length ? from[pick % from.length] : undefined;
}
