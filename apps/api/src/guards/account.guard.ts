import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuthorisedAccount } from '#domain';
import { getCaller } from './caller.js';
import { type AccountField, type RequestAccount, refuseMissingAccount, resolveAccount } from './request-account.js';

/** How a route names its account. */
export interface AccountRule {
  /** The name that an error shows when the account is missing. */
  readonly field: AccountField;
  readonly isRequired: boolean;
  /** Whether the caller must be allowed to reach the account. False on routes that anyone may call. */
  readonly isAuthorised: boolean;
}

interface Resolved {
  readonly account: RequestAccount;
  readonly authorised?: AuthorisedAccount;
}

const resolutions = new WeakMap<object, Resolved>();

/** The account that a request is about; `absent` on a route that declares none. */
export const requestAccountOf = (request: object): RequestAccount => resolutions.get(request)?.account ?? { kind: 'absent' };

/** The account that the caller may reach. Undefined when the request names none. */
export const findAuthorisedAccount = (request: object): AuthorisedAccount | undefined => resolutions.get(request)?.authorised;

/**
 * Decides which account a request is about, and whether its caller may reach it. A refused account stays with the request:
 * AccountRefusalInterceptor reports it together with the other bad fields. Throws InvalidInputError `other_account`.
 */
@Injectable()
export class AccountGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { account: rule } = request.routeOptions.config;
    if (rule) resolutions.set(request, this.resolve(request, rule));
    return true;
  }

  private resolve(request: FastifyRequest, { field, isRequired, isAuthorised }: AccountRule): Resolved {
    const account = resolveAccount(request);
    if (account.kind === 'absent' && isRequired) return { account: refuseMissingAccount(field) };
    if (account.kind !== 'named' || !isAuthorised) return { account };
    return { account, authorised: AuthorisedAccount.grant(getCaller(request), account.accountId) };
  }
}
