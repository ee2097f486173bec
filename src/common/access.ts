import { SetMetadata } from '@nestjs/common';

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

export const Open = () => SetMetadata(ACCESS, { kind: 'open' } satisfies Access);
export const RequireScope = (scope: Scope) =>
  SetMetadata(ACCESS, { kind: 'api-key', scope } satisfies Access);
export const Page = () => SetMetadata(ACCESS, { kind: 'page' } satisfies Access);
export const SellerPage = () => SetMetadata(ACCESS, { kind: 'seller' } satisfies Access);
