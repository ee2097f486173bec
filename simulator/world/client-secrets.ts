import { randomBytes } from 'node:crypto';
import type { Application, ClientSecret } from './default-world.js';

const LIFETIME_MS = 180 * 86_400_000;
const OVERLAP_SECONDS = 7 * 86_400;

/** What a rotation may state; Amazon's own choice otherwise. */
export interface SecretRotation {
  clientSecret?: string | undefined;
  overlapSeconds?: number | undefined;
}

export function newClientSecret(): string {
  return `amzn1.oa2-cs.v1.${randomBytes(32).toString('hex')}`;
}

/** The secrets by which the application authenticates at this time. */
export function validSecrets({ clientSecrets, scenario }: Application, now: Date): string[] {
  if (scenario === 'secretExpired') return [];
  return clientSecrets
    .filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > now.getTime())
    .map(({ clientSecret }) => clientSecret);
}

/** The application with a new secret of 180 days; the others keep a week, unless they end sooner. */
export function rotateSecret(application: Application, rotation: SecretRotation, now: Date): Application {
  const { clientSecret = newClientSecret(), overlapSeconds = OVERLAP_SECONDS } = rotation;
  const end = now.getTime() + overlapSeconds * 1000;
  const others = application.clientSecrets.map((other): ClientSecret => {
    const sooner = other.expiresAt !== null && Date.parse(other.expiresAt) < end;
    return sooner ? other : { ...other, expiresAt: new Date(end).toISOString() };
  });
  const expiresAt = new Date(now.getTime() + LIFETIME_MS).toISOString();
  return { ...application, clientSecrets: [...others, { clientSecret, expiresAt }] };
}
