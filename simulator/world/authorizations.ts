/** How an authorization was given: on Amazon's OAuth pages, or by the developer at the console. */
export const AUTHORIZATION_KINDS = ['oauth', 'self'] as const;
export type AuthorizationKind = (typeof AUTHORIZATION_KINDS)[number];

/** What a token says of the authorization behind it. */
export interface AuthorizationRef {
  applicationId: string;
  sellingPartnerId: string;
  kind: AuthorizationKind;
}

/** A selling partner's authorization of an application. */
export interface Authorization extends AuthorizationRef {
  authorizedAt: number;
  /** Where the browser went with the last consent; null when no page was involved. */
  redirectUri: string | null;
  disabled: boolean;
  /** What was issued before is dead: the partner had taken the authorization back until then. */
  deadBefore: number;
}

/** All authorizations that Amazon remembers, one per application, selling partner and kind. */
export class Authorizations {
  private readonly byKey = new Map<string, Authorization>();

  clear(): void {
    this.byKey.clear();
  }

  all(): Authorization[] {
    return [...this.byKey.values()];
  }

  find(ref: AuthorizationRef): Authorization | undefined {
    return this.byKey.get(keyOf(ref));
  }

  /** A consent. It ends what the partner had disabled; tokens of before stay dead. */
  give(ref: AuthorizationRef, now: number, redirectUri: string | null): void {
    const known = this.find(ref);
    const deadBefore = known?.disabled ? now : (known?.deadBefore ?? 0);
    this.save({ ...ref, authorizedAt: now, redirectUri, disabled: false, deadBefore });
  }

  /** A token proves an authorization that this world, made anew, may not know of. */
  remember(ref: AuthorizationRef, issuedAt: number): void {
    if (this.find(ref)) return;
    this.save({ ...ref, authorizedAt: issuedAt, redirectUri: null, disabled: false, deadBefore: 0 });
  }

  disable(authorization: Authorization): void {
    authorization.disabled = true;
  }

  /** Whether what was issued then under an authorization has been taken back. */
  isDead(ref: AuthorizationRef, issuedAt: number): boolean {
    const known = this.find(ref);
    return known !== undefined && (known.disabled || issuedAt < known.deadBefore);
  }

  private save({ applicationId, sellingPartnerId, kind, ...rest }: Authorization): void {
    const ref = { applicationId, sellingPartnerId, kind };
    this.byKey.set(keyOf(ref), { ...ref, ...rest });
  }
}

function keyOf({ kind, sellingPartnerId, applicationId }: AuthorizationRef): string {
  return `${kind} ${sellingPartnerId} ${applicationId}`;
}
