import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiModule } from './api.module.js';
import { assertAudited } from './audit/assert-audited.js';
import { assertAudiences } from './guards/assert-audiences.js';
import { toNestLogger } from './http/nest-logger.js';
import { createServer } from './http/server.js';
import type { ApiParts } from './parts.js';

/** The whole API, ready to listen or to be asked by `inject`. Throws when a route does not say who may call it, or escapes the audit log. */
export async function createApi(parts: ApiParts): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.of(parts), createServer(parts), {
    abortOnError: false,
    bodyParser: false,
    logger: toNestLogger(parts.logger),
  });
  assertAudiences(app);
  assertAudited(app);
  await app.init();
  return app;
}
