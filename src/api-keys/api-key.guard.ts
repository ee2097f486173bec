import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyRequest } from 'fastify';
import { ACCESS, type Access, type Scope } from '../common/access.js';
import { Unauthenticated } from '../common/errors.js';
import { type ApiKey } from './api-key.entity.js';
import { ApiKeysService } from './api-keys.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    apiKey?: ApiKey;
  }
}

/** `rgk_…` and its secret, apart at the first dot. The scheme is case-insensitive (RFC 9110). */
const BEARER = /^bearer +([\w-]{1,128})\.([\w-]{1,256})$/i;

/** What a request says it is made with; undefined when it says nothing that could be an API key. */
export function credentialsOf({
  headers,
}: Pick<FastifyRequest, 'headers'>): { clientId: string; secret: string } | undefined {
  const [, clientId, secret] = BEARER.exec(headers.authorization ?? '') ?? [];
  return clientId && secret ? { clientId, secret } : undefined;
}

/** Lets a route of kind `api-key` through for a valid key that has the scope. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeysService,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.kind !== 'api-key') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const credentials = credentialsOf(request);
    if (!credentials) throw new Unauthenticated();
    const { clientId, secret } = credentials;
    const known = this.apiKeys.known(clientId, secret);
    if (known) return this.admit(request, known, access.scope);
    return this.apiKeys.authenticate(clientId, secret).then((key) => this.admit(request, key, access.scope));
  }

  private admit(request: FastifyRequest, key: ApiKey, scope: Scope): true {
    this.apiKeys.requireScope(key, scope);
    request.apiKey = key;
    return true;
  }
}

/** The key that the request was made with. */
export const CallingKey = createParamDecorator((_data: unknown, context: ExecutionContext): ApiKey => {
  const { apiKey } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!apiKey) throw new Unauthenticated();
  return apiKey;
});
