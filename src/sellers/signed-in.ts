import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';

/** Who is signed in, as far as pages need to know. */
export interface SignedInSeller {
  id: string;
  email: string;
  emailVerified: boolean;
  /** Names the session, and forms are bound to it. Worth nothing as a cookie. */
  session: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by SellerGuard when a session is valid; always there on routes of kind `seller`. */
    seller?: SignedInSeller;
    /** SHA-256 of the browser cookie. Set by SellerGuard on routes of kind `page` and `seller` only. */
    browserHash: Buffer;
  }
}

/** The seller who is signed in. Only for routes of kind `seller`. */
export const CurrentSeller = createParamDecorator((_: unknown, context: ExecutionContext): SignedInSeller => {
  const { seller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!seller) throw new Error('CurrentSeller is only for routes marked @SellerPage()');
  return seller;
});
