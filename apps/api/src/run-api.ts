import type { Config } from '#config';
import type { Clock } from '#domain';
import type { ServiceLogger } from '#logging';
import { composeSync, type ComposedSync } from '#sync';
import { createApi } from './create-api.js';

export interface RunningApi {
  /** The port that the API listens on; the system chose it if the configuration says 0. */
  readonly port: number;
  /** Refuses new requests, finishes the running ones, then closes queue and database. */
  close(): Promise<void>;
}

/**
 * Logs an error when the schema is old: the process is live, but not ready until the database is migrated. Throws
 * InvalidInputError when the encryption key is not the one that the database was written with.
 */
async function checkDatabase({ context, services }: ComposedSync): Promise<void> {
  const pending = await context.database.pendingMigrations();
  if (pending.length === 0) return services.keyCheck.run();
  context.logger.error('database schema is old: run "npm run migrate"; not ready until then', { pending });
}

/** Builds the API from the configuration and listens. Throws InvalidInputError for a wrong encryption key. */
export async function runApi(config: Config, { clock, logger }: { clock: Clock; logger: ServiceLogger }): Promise<RunningApi> {
  const sync = await composeSync(config, { clock, logger });
  await checkDatabase(sync);
  const { database, stores } = sync.context;
  const app = await createApi({ config, clock, logger, database, stores, queue: sync.queue, services: sync.services });
  await app.listen(config.port, config.host);
  const address = app.getHttpServer().address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : config.port,
    close: async () => {
      await app.close();
      await sync.close();
    },
  };
}
