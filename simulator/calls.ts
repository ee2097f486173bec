/** Calls of one client towards the token endpoint, by grant. */
export interface GrantCounts {
  total: number;
  authorization_code: number;
  refresh_token: number;
  client_credentials: number;
}

const noGrants = (): GrantCounts => ({
  total: 0,
  authorization_code: 0,
  refresh_token: 0,
  client_credentials: 0,
});

const noCalls = () => ({
  lwa: {
    ...noGrants(),
    // Without a prototype, so that no selling partner id can name something inherited.
    bySellingPartner: Object.create(null) as Record<string, GrantCounts>,
    errors: {} as Record<string, number>,
  },
  spApi: {
    total: 0,
    marketplaceParticipations: 0,
    vendorOrders: 0,
    restrictedDataTokens: 0,
    clientSecretRotations: 0,
  },
  consent: { shown: 0, confirmed: 0, cancelled: 0 },
});

function count(counts: GrantCounts, grantType: string): void {
  counts.total += 1;
  if (
    grantType === 'authorization_code' ||
    grantType === 'refresh_token' ||
    grantType === 'client_credentials'
  ) {
    counts[grantType] += 1;
  }
}

/** How often each part of the simulator was called, for tests that must prove how often. */
export class Calls {
  counts = noCalls();

  reset(): void {
    this.counts = noCalls();
  }

  lwaCalled(grantType: string): void {
    count(this.counts.lwa, grantType);
  }

  /** Counts the call for a partner too, once it is known whom the call is about. */
  lwaCalledFor(sellingPartnerId: string, grantType: string): void {
    count((this.counts.lwa.bySellingPartner[sellingPartnerId] ??= noGrants()), grantType);
  }

  lwaAnsweredError(error: string): void {
    this.counts.lwa.errors[error] = (this.counts.lwa.errors[error] ?? 0) + 1;
  }
}
