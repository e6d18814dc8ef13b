import type { FastifyContextConfig } from 'fastify';
import { BugError } from '#domain';
import type { RegisteredRoute } from '../http/route-registry.js';
import type { Audience } from './audience.decorator.js';

/** Routes of these need no guard: they are open, or the handler checks the caller. */
const AUDIENCES_WITHOUT_GUARDS: ReadonlySet<Audience> = new Set<Audience>(['public', 'kommo', 'unisender']);

const isProtected = ({ audience, hasGuards = false }: FastifyContextConfig) =>
  audience !== undefined && (hasGuards || AUDIENCES_WITHOUT_GUARDS.has(audience));

/** A widget user may reach one account only, so a route of the widget must declare its account. The audience decides whether it authorises. */
function hasRightAccount({ audience, account }: FastifyContextConfig): boolean {
  if (audience === 'widget') return account?.isAuthorised === true && account.isRequired;
  return account === undefined || account.isAuthorised === (audience === 'operator');
}

function refuse(problem: string, routes: readonly RegisteredRoute[]): void {
  if (routes.length === 0) return;
  throw new BugError(`${problem}: ${routes.map(({ name }) => name).join(', ')}`, { code: 'audience_undeclared' });
}

/**
 * Throws BugError that names every route without an audience, without the guards that its audience needs, or with an account
 * that its audience does not allow.
 */
export function assertAudiences(routes: readonly RegisteredRoute[]): void {
  refuse(
    'Routes without an audience, or without the guards of their audience',
    routes.filter(({ config }) => !isProtected(config)),
  );
  refuse(
    'Routes whose account does not fit their audience',
    routes.filter(({ config }) => config.audience !== 'public' && !hasRightAccount(config)),
  );
}
