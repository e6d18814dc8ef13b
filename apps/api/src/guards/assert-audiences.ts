import type { INestApplication } from '@nestjs/common';
import { BugError } from '#domain';
import { listHandlers } from './route-handlers.js';

/** Throws BugError that names every route which does not say who may call it. */
export function assertAudiences(app: INestApplication): void {
  const undeclared = listHandlers(app).filter(({ audience }) => audience === undefined);
  if (undeclared.length === 0) return;
  throw new BugError(`These routes declare no audience: ${undeclared.map(({ name }) => name).join(', ')}`, { code: 'audience_undeclared' });
}
