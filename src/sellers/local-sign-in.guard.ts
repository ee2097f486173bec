import { type CanActivate, Injectable } from '@nestjs/common';
import { NotFound } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';

/** For pages about passwords: where sellers sign in by an identity provider only, they are not there. */
@Injectable()
export class LocalSignIn implements CanActivate {
  constructor(private readonly config: RegrantConfig) {}

  canActivate(): boolean {
    if (this.config.signIn.local) return true;
    throw new NotFound('There is nothing at this address.');
  }
}
