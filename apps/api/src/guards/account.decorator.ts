import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type AuthorisedAccount, BugError } from '#domain';
import { AddRouteConfig } from '../http/route-registry.js';
import { type AccountRule, findAuthorisedAccount, requestAccountOf } from './account.guard.js';
import type { AccountField } from './request-account.js';

type Read = (request: FastifyRequest, rule: AccountRule) => unknown;

/** Declares the rule for the route, and gives the handler what `read` returns. */
const declareAccount =
  (rule: AccountRule, read: Read): ParameterDecorator =>
  (prototype, name, index) => {
    if (name === undefined) throw new BugError('Only a handler has an account', { code: 'audience_undeclared' });
    const handler = (prototype as Readonly<Record<string | symbol, unknown>>)[name];
    AddRouteConfig({ account: rule })(prototype, name, { value: handler });
    const readFrom = (_data: unknown, context: ExecutionContext) => read(context.switchToHttp().getRequest<FastifyRequest>(), rule);
    createParamDecorator(readFrom)()(prototype, name, index);
  };

function readAuthorised(request: FastifyRequest, { isRequired }: AccountRule): AuthorisedAccount | undefined {
  const account = findAuthorisedAccount(request);
  if (account === undefined && isRequired) throw new BugError('The account is not authorised', { code: 'audience_undeclared' });
  return account;
}

function readNamed(request: FastifyRequest): number | undefined {
  const account = requestAccountOf(request);
  return account.kind === 'named' ? account.accountId : undefined;
}

/** The handler's parameter is the AuthorisedAccount of the request. `field` is the name that an error shows when it is missing. */
export const Account = (field: AccountField): ParameterDecorator =>
  declareAccount({ field, isRequired: true, isAuthorised: true }, readAuthorised);

/** As {@link Account}, but undefined when the request names no account. */
export const OptionalAccount = (field: AccountField): ParameterDecorator =>
  declareAccount({ field, isRequired: false, isAuthorised: true }, readAuthorised);

/** On a route that anyone may call, the parameter is the id that the request names. It authorises nothing. */
export const NamedAccount = (field: AccountField): ParameterDecorator =>
  declareAccount({ field, isRequired: true, isAuthorised: false }, readNamed);

/** As {@link NamedAccount}, but undefined when the request names no account. */
export const OptionalNamedAccount = (field: AccountField): ParameterDecorator =>
  declareAccount({ field, isRequired: false, isAuthorised: false }, readNamed);
