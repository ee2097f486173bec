import { Foundation1764000000000 } from './1764000000000-foundation.js';
import { LinksThatLeadOn1764100000000 } from './1764100000000-links-that-lead-on.js';
import { SellerExternalIds1764100000001 } from './1764100000001-seller-external-ids.js';
import { SignInByProvider1764100000002 } from './1764100000002-sign-in-by-provider.js';
import { Workflows1764150000000 } from './1764150000000-workflows.js';
import { ApplicationSettings1764200000000 } from './1764200000000-application-settings.js';
import { EnvelopeEncryption1764300000000 } from './1764300000000-envelope-encryption.js';
import { AccessTokens1764400000000 } from './1764400000000-access-tokens.js';
import { Deliveries1764500000000 } from './1764500000000-deliveries.js';
import { Renewals1764600000000 } from './1764600000000-renewals.js';
import { ApiKeys1764700000000 } from './1764700000000-api-keys.js';
import { OldSecretUses1764700000001 } from './1764700000001-old-secret-uses.js';
import { IdleProbes1764800000000 } from './1764800000000-idle-probes.js';
import { Overview1764850000000 } from './1764850000000-overview.js';
import { UrgentFirst1764950000000 } from './1764950000000-urgent-first.js';

/** In the order they run. A landed migration is never edited; a change is a new one. */
export const migrations = [
  Foundation1764000000000,
  LinksThatLeadOn1764100000000,
  SellerExternalIds1764100000001,
  SignInByProvider1764100000002,
  Workflows1764150000000,
  ApplicationSettings1764200000000,
  EnvelopeEncryption1764300000000,
  AccessTokens1764400000000,
  Deliveries1764500000000,
  Renewals1764600000000,
  ApiKeys1764700000000,
  OldSecretUses1764700000001,
  IdleProbes1764800000000,
  Overview1764850000000,
  UrgentFirst1764950000000,
];
