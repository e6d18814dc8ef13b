import { RequestMethod, type INestApplication } from '@nestjs/common';
import { BugError } from '#domain';
import { type Audience } from '../guards/audience.js';
import { listHandlers } from '../guards/route-handlers.js';
import { findAudited } from './audited.js';

const READING = new Set([RequestMethod.GET, RequestMethod.HEAD, RequestMethod.OPTIONS]);
const AUDITED_AUDIENCES: ReadonlySet<Audience | undefined> = new Set<Audience>(['operator', 'widget']);

/** Throws BugError that names every route by which an operator or the widget changes something unseen by the audit log. */
export function assertAudited(app: INestApplication): void {
  const unseen = listHandlers(app).filter(
    ({ audience, method, handler }) => AUDITED_AUDIENCES.has(audience) && !READING.has(method) && !findAudited(handler),
  );
  if (unseen.length === 0) return;
  throw new BugError(`These routes are not written to the audit log: ${unseen.map(({ name }) => name).join(', ')}`, {
    code: 'route_unaudited',
  });
}
