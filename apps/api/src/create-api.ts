import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '#clock';
import type { Config } from '#config';
import { type ServiceLogger, toNestLogger } from '#logging';
import { ApiModule } from './api.module.js';
import { assertAudited } from './audit/assert-audited.js';
import { assertDocumented } from './docs/assert-documented.js';
import { assertAudiences } from './guards/assert-audiences.js';
import { recordRoutes } from './http/route-registry.js';
import { createServer } from './http/server.js';

/**
 * Registers the routes; then the API is ready to listen and for `inject`. Throws BugError when a route declares no audience, changes
 * something for an operator or the widget without an entry in the audit log, or is not described in the OpenAPI document.
 */
export async function initApi(app: NestFastifyApplication): Promise<NestFastifyApplication> {
  const routes = recordRoutes(app.getHttpAdapter().getInstance());
  try {
    await app.init();
    assertAudiences(routes);
    assertAudited(routes);
    assertDocumented(routes);
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Creates the whole API. Throws TransientError `database_unavailable`, and what {@link initApi} throws. */
export async function createApi(config: Config, logger: ServiceLogger): Promise<NestFastifyApplication> {
  const adapter = createServer({ config, clock: systemClock, logger });
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.forRoot(config, logger), adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: toNestLogger(logger),
  });
  return initApi(app);
}
