import { randomBytes } from 'node:crypto';
import { AppstoreStates } from './appstore-states.js';
import {
  type Authorization,
  type AuthorizationKind,
  type AuthorizationRef,
  Authorizations,
} from './authorizations.js';
import {
  type Application,
  defaultApplication,
  defaultSellingPartners,
  type SellingPartner,
  sellingPartner,
} from './default-world.js';

const CODE_LIFETIME_MS = 5 * 60_000;

/** An authorization code that waits to be exchanged. */
export interface PendingCode {
  code: string;
  applicationId: string;
  sellingPartnerId: string;
  /** Null when the code did not come from a consent page. */
  redirectUri: string | null;
  expiresAt: number;
}

/** What Amazon knows: applications, selling partners, authorizations, and what is on its way. All in memory. */
export class World {
  private readonly applications = new Map<string, Application>();
  private readonly partners = new Map<string, SellingPartner>();
  private readonly codes = new Map<string, PendingCode>();
  readonly appstoreStates = new AppstoreStates();
  readonly authorizations = new Authorizations();
  private readonly partnersThatGranted = new Set<string>();
  private readonly grantsDeadBefore = new Map<string, number>();

  /** @param loginUri the OAuth log-in URI of the default application */
  constructor(
    readonly now: () => Date,
    private readonly loginUri?: string,
  ) {
    this.reset();
  }

  /** Back to the default application and the default selling partners. */
  reset(): void {
    for (const part of [this.applications, this.partners, this.codes]) part.clear();
    for (const part of [this.appstoreStates, this.authorizations]) part.clear();
    this.partnersThatGranted.clear();
    this.grantsDeadBefore.clear();
    this.saveApplication(defaultApplication(this.loginUri));
    for (const partner of defaultSellingPartners()) this.partners.set(partner.sellingPartnerId, partner);
  }

  allApplications(): Application[] {
    return [...this.applications.values()];
  }

  findApplication(applicationId: string): Application | undefined {
    return this.applications.get(applicationId);
  }

  findApplicationOfClient(clientId: string): Application | undefined {
    return this.allApplications().find((application) => application.clientId === clientId);
  }

  saveApplication(application: Application): void {
    this.applications.set(application.applicationId, application);
  }

  allPartners(): SellingPartner[] {
    return [...this.partners.values()];
  }

  findPartner(sellingPartnerId: string): SellingPartner | undefined {
    return this.partners.get(sellingPartnerId);
  }

  /** The selling partner of this id; an unknown id springs into existence. */
  partner(sellingPartnerId: string, stated: Partial<SellingPartner> = {}): SellingPartner {
    const known = this.partners.get(sellingPartnerId);
    if (known) return known;
    const made = sellingPartner(sellingPartnerId, stated);
    this.partners.set(sellingPartnerId, made);
    return made;
  }

  savePartner(partner: SellingPartner): void {
    this.partners.set(partner.sellingPartnerId, partner);
    // Whoever scripts a revocation means a grant that exists, so the next consent is a re-consent.
    if (hasTakenBack(partner)) this.partnersThatGranted.add(partner.sellingPartnerId);
  }

  /** Remembers what a token proves: the next consent of its partner counts as a re-consent. */
  rememberGrant(ref: AuthorizationRef, issuedAt: number): void {
    this.partnersThatGranted.add(ref.sellingPartnerId);
    this.authorizations.remember(ref, issuedAt);
  }

  /** Whether the partner has taken back what was issued under an authorization at that time. */
  isRevoked(ref: AuthorizationRef, issuedAt: number): boolean {
    if (hasTakenBack(this.partner(ref.sellingPartnerId))) return true;
    if (issuedAt < (this.grantsDeadBefore.get(ref.sellingPartnerId) ?? 0)) return true;
    return this.authorizations.isDead(ref, issuedAt);
  }

  /** What Manage Your Apps says of an authorization. */
  statusOf({ sellingPartnerId, disabled }: Authorization): 'active' | 'disabled' | 'lapsed' {
    const { scenario } = this.partner(sellingPartnerId);
    if (disabled || scenario === 'revoked') return 'disabled';
    return scenario === 'lapsed' ? 'lapsed' : 'active';
  }

  /** Whether the application may be authorized by one more partner; who has authorized it may do so again. */
  hasRoomFor(
    application: Application,
    { sellingPartnerId, partnerType }: SellingPartner,
    kind: AuthorizationKind,
  ): boolean {
    const { applicationId, listed, sellerLimit, selfAuthorizationLimit } = application;
    // Vendors do not count: as many as like may authorize an application that is not listed.
    if (kind === 'oauth' && (listed || partnerType === 'vendor')) return true;
    const taken = this.authorizations
      .all()
      .filter(
        (other) =>
          other.applicationId === applicationId &&
          other.kind === kind &&
          other.sellingPartnerId !== sellingPartnerId &&
          this.statusOf(other) !== 'disabled' &&
          (kind === 'self' || this.partner(other.sellingPartnerId).partnerType === 'seller'),
      );
    return taken.length < (kind === 'self' ? selfAuthorizationLimit : sellerLimit);
  }

  /** Records a consent. A re-consent ends a revocation, but what was granted before stays dead. */
  authorize(ref: AuthorizationRef, redirectUri: string | null): void {
    const now = this.now().getTime();
    const partner = this.partner(ref.sellingPartnerId);
    if (hasTakenBack(partner) && this.partnersThatGranted.has(ref.sellingPartnerId)) {
      this.savePartner({ ...partner, scenario: 'normal' });
      this.grantsDeadBefore.set(ref.sellingPartnerId, now);
    }
    this.partnersThatGranted.add(ref.sellingPartnerId);
    this.authorizations.give(ref, now, redirectUri);
  }

  /** Records a consent and makes the code with which the application fetches its tokens. */
  issueCode(applicationId: string, sellingPartnerId: string, redirectUri: string | null): string {
    this.authorize({ applicationId, sellingPartnerId, kind: 'oauth' }, redirectUri);
    const now = this.now().getTime();
    for (const old of this.codes.values()) if (old.expiresAt <= now) this.codes.delete(old.code);
    const code = `RG${randomBytes(24).toString('base64url')}`;
    const expiresAt = now + CODE_LIFETIME_MS;
    this.codes.set(code, { code, applicationId, sellingPartnerId, redirectUri, expiresAt });
    return code;
  }

  /** The code, as long as it can be exchanged. */
  findCode(code: string): PendingCode | undefined {
    const found = this.codes.get(code);
    return found && found.expiresAt > this.now().getTime() ? found : undefined;
  }

  /** Takes the code out of the world; false when that has happened already or it has expired. */
  redeemCode({ code, expiresAt }: PendingCode): boolean {
    return this.codes.delete(code) && expiresAt > this.now().getTime();
  }
}

function hasTakenBack({ scenario }: SellingPartner): boolean {
  return scenario === 'revoked' || scenario === 'lapsed';
}
