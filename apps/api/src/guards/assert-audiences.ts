import type { FastifyContextConfig } from 'fastify';
import { BugError } from '#domain';
import type { RegisteredRoute } from '../http/route-registry.js';
import type { Audience } from './audience.decorator.js';

/** Routes of these need no guard: they are open, or the handler checks the caller. */
const AUDIENCES_WITHOUT_GUARDS: ReadonlySet<Audience> = new Set<Audience>(['public', 'kommo', 'unisender']);

const isProtected = ({ audience, hasGuards = false }: FastifyContextConfig) =>
  audience !== undefined && (hasGuards || AUDIENCES_WITHOUT_GUARDS.has(audience));

/** Throws BugError that names every route without an audience, and every route without the guards that its audience needs. */
export function assertAudiences(routes: readonly RegisteredRoute[]): void {
  const unprotected = routes.filter(({ config }) => !isProtected(config)).map(({ name }) => name);
  if (unprotected.length === 0) return;
  throw new BugError(`Routes without an audience, or without the guards of their audience: ${unprotected.join(', ')}`, {
    code: 'audience_undeclared',
  });
}
