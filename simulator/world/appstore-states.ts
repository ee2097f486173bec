import { randomBytes } from 'node:crypto';

const LIFETIME_MS = 10 * 60_000;

/** A partner who consented in the Appstore and is on the way through the application's log-in page. */
export interface PendingLogin {
  amazonState: string;
  applicationId: string;
  sellingPartnerId: string;
  expiresAt: number;
}

/** The values of `amazon_state` that Amazon waits for: ten minutes long, each of them once. */
export class AppstoreStates {
  private readonly pending = new Map<string, PendingLogin>();

  clear(): void {
    this.pending.clear();
  }

  issue(applicationId: string, sellingPartnerId: string, now: number): string {
    for (const old of this.pending.values()) if (old.expiresAt <= now) this.pending.delete(old.amazonState);
    const amazonState = newState();
    const expiresAt = now + LIFETIME_MS;
    this.pending.set(amazonState, { amazonState, applicationId, sellingPartnerId, expiresAt });
    return amazonState;
  }

  /** What waits under this very text, byte by byte, for this application. */
  find(amazonState: string, applicationId: string, now: number): PendingLogin | undefined {
    const found = this.pending.get(amazonState);
    return found && found.applicationId === applicationId && found.expiresAt > now ? found : undefined;
  }

  take({ amazonState }: PendingLogin): void {
    this.pending.delete(amazonState);
  }
}

/** Long and full of what gets lost between careless encoders: `-`, `_`, `+`, `/` and, as `%3D`, `=`. */
function newState(): string {
  return `MTU0-${randomBytes(48).toString('base64url')}_+/${randomBytes(80).toString('base64')}`;
}
