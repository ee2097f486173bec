import { randomBytes } from 'node:crypto';
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

/** What Amazon knows: applications, selling partners, and codes not yet exchanged. All in memory. */
export class World {
  private readonly applications = new Map<string, Application>();
  private readonly partners = new Map<string, SellingPartner>();
  private readonly codes = new Map<string, PendingCode>();
  private readonly partnersThatGranted = new Set<string>();
  private readonly grantsDeadBefore = new Map<string, number>();

  constructor(readonly now: () => Date) {
    this.reset();
  }

  /** Back to the default application and the default selling partners. */
  reset(): void {
    for (const part of [this.applications, this.partners, this.codes]) part.clear();
    this.partnersThatGranted.clear();
    this.grantsDeadBefore.clear();
    this.saveApplication(defaultApplication());
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
    if (partner.scenario === 'revoked') this.noteGrant(partner.sellingPartnerId);
  }

  /** Remembers that a grant of this partner exists: its next consent counts as a re-consent. */
  noteGrant(sellingPartnerId: string): void {
    this.partnersThatGranted.add(sellingPartnerId);
  }

  /** Whether the partner has taken back what it granted at that time. */
  isRevoked(partner: SellingPartner, issuedAt: number): boolean {
    if (partner.scenario === 'revoked') return true;
    return issuedAt < (this.grantsDeadBefore.get(partner.sellingPartnerId) ?? 0);
  }

  /** Records a consent. A re-consent ends a revocation, but what was granted before stays dead. */
  issueCode(applicationId: string, sellingPartnerId: string, redirectUri: string | null): string {
    const now = this.now().getTime();
    const partner = this.partner(sellingPartnerId);
    if (partner.scenario === 'revoked' && this.partnersThatGranted.has(sellingPartnerId)) {
      this.savePartner({ ...partner, scenario: 'normal' });
      this.grantsDeadBefore.set(sellingPartnerId, now);
    }
    this.noteGrant(sellingPartnerId);
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
