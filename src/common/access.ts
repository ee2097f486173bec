import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { ApiProblems } from './api-problems.js';

export type Scope = 'admin:read' | 'admin:write' | 'tokens:vend' | 'metrics:read';
export const SCOPES: readonly Scope[] = ['admin:read', 'admin:write', 'tokens:vend', 'metrics:read'];

/** Who may call a route. A route that declares nothing is refused: forgetting it never opens a door. */
export type Access =
  | { kind: 'open' }
  | { kind: 'api-key'; scope: Scope }
  /** A page of the website: anyone, with the seller known when signed in, and CSRF tokens on every form. */
  | { kind: 'page' }
  /** A page for signed-in sellers; others are sent to sign in and come back. */
  | { kind: 'seller' };

export const ACCESS = 'regrant:access';
/** Where the OpenAPI document notes the scope of a route. */
export const REQUIRED_SCOPE = 'x-required-scope';

export const Open = () => SetMetadata(ACCESS, { kind: 'open' } satisfies Access);
/** For programs whose API key has `scope`. The OpenAPI document then says so, and what the others are answered. */
export const RequireScope = (scope: Scope) =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'api-key', scope } satisfies Access),
    ApiBearerAuth(),
    ApiExtension(REQUIRED_SCOPE, scope),
    ApiProblems(401, 403, 500, 503),
  );
export const Page = () => SetMetadata(ACCESS, { kind: 'page' } satisfies Access);
export const SellerPage = () => SetMetadata(ACCESS, { kind: 'seller' } satisfies Access);
