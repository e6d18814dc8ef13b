import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '#config';
import { Database } from '#database';
import type { Logger } from '#domain';
import type { ServiceLogger } from '#logging';
import { EncryptionKeyCheck } from '#sync';
import { createApi } from './create-api.js';

/** A listening API. */
export interface RunningApi {
  /** The port that the API listens on; the system chose it if the configuration says 0. */
  readonly port: number;
  /** Refuses new requests, finishes the running ones, then closes queue, database and log. */
  close(): Promise<void>;
}

/**
 * Logs an error when the schema is old: the process is live, but not ready until the database is migrated. Throws
 * InvalidInputError when the encryption key is not the one that the database was written with.
 */
async function checkDatabase(app: NestFastifyApplication, logger: Logger): Promise<void> {
  const pending = await app.get<Database>(Database).pendingMigrations();
  if (pending.length === 0) return app.get(EncryptionKeyCheck, { strict: false }).run();
  logger.error('database schema is old: run "npm run migrate"; not ready until then', { pending_migrations: pending });
}

/** Creates the API and listens. Throws InvalidInputError for a wrong encryption key, and TransientError `database_unavailable`. */
export async function runApi(config: Config, logger: ServiceLogger): Promise<RunningApi> {
  if (config.trustProxy === true) {
    logger.warn('TRUST_PROXY=true counts as one proxy: set the number of proxies, or their IPs', { trusted_proxies: 1 });
  }
  const app = await createApi(config, logger);
  await checkDatabase(app, logger);
  await app.listen(config.port, config.host);
  const address = app.getHttpServer().address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : config.port,
    close: () => app.close(),
  };
}
