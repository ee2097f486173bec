import { Injectable } from '@nestjs/common';
import { DataKeys } from './data-keys.service.js';
import { keyIdOf, openUnder, sealUnder } from './envelope.js';
import { type SealedPlace } from './sealed-columns.js';

/** Seals short secrets for the database under the current data key, and opens them again. */
@Injectable()
export class Sealer {
  constructor(private readonly dataKeys: DataKeys) {}

  seal(plaintext: string, place: SealedPlace): string {
    return sealUnder(this.dataKeys.forSealing(), plaintext, place);
  }

  /**
   * Opens from memory. Only a data key that another replica made a moment ago is fetched first.
   * @throws SealError when the value was not sealed by one of our data keys for exactly this place
   */
  async open(sealed: string, place: SealedPlace): Promise<string> {
    const keyId = keyIdOf(sealed);
    return openUnder(this.dataKeys.find(keyId) ?? (await this.dataKeys.load(keyId)), sealed, place);
  }
}
