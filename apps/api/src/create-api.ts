import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type ServiceLogger, toNestLogger } from '#logging';
import { ApiModule } from './api.module.js';
import { assertAudited } from './audit/assert-audited.js';
import { assertAudiences } from './guards/assert-audiences.js';
import { recordRoutes } from './http/route-registry.js';
import { createServer } from './http/server.js';
import type { Composition } from './use-cases.module.js';

/** What {@link createApi} builds the API from. The logger also writes the request log. */
export interface ApiComposition extends Composition {
  readonly logger: Composition['logger'] & Pick<ServiceLogger, 'logRequest'>;
}

/**
 * Builds the whole API, ready to listen or for `inject`. Throws BugError when a route declares no audience, or changes
 * something for an operator or the widget without an entry in the audit log.
 */
export async function createApi(composition: ApiComposition): Promise<NestFastifyApplication> {
  const adapter = createServer(composition);
  const routes = recordRoutes(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.of(composition), adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: toNestLogger(composition.logger),
  });
  await app.init();
  try {
    assertAudiences(routes);
    assertAudited(routes);
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}
