import type { FastifyContextConfig } from 'fastify';
import { BugError } from '#domain';
import type { RegisteredRoute } from '../http/route-registry.js';
import type { Audience } from './audience.decorator.js';

/** The handler or nothing protects a route of these; guards protect the others. */
const AUDIENCES_WITHOUT_GUARDS: ReadonlySet<Audience> = new Set<Audience>(['public', 'kommo', 'unisender']);

const isProtected = ({ audience, hasGuards = false }: FastifyContextConfig) =>
  audience !== undefined && (hasGuards || AUDIENCES_WITHOUT_GUARDS.has(audience));

/** Throws BugError that names every route without an audience, and every route whose audience needs guards that it does not have. */
export function assertAudiences(routes: readonly RegisteredRoute[]): void {
  const unprotected = routes.filter(({ config }) => !isProtected(config)).map(({ name }) => name);
  if (unprotected.length === 0) return;
  throw new BugError(`Routes without an audience, or without the guards of their audience: ${unprotected.join(', ')}`, {
    code: 'audience_undeclared',
  });
}
