import type { Config } from '#config';
import type { Clock } from '#domain';
import type { ServiceLogger } from '#logging';
import { composeSync, type ComposedSync } from '#sync';
import { createApi } from './create-api.js';
import type { Surroundings } from './parts.js';

export interface RunningApi {
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  /** Takes no new requests, finishes those that are under way, lets go of database and queue. */
  close(): Promise<void>;
}

const toSurroundings = ({ context: { database }, queue }: ComposedSync): Surroundings => ({
  isDatabaseReady: () => database.isReady(),
  pendingMigrations: () => database.pendingMigrations(),
  isQueueReady: () => queue.isReady(),
  listQueues: () => queue.listTubeStatistics(),
});

/**
 * Says so when the schema is old: the process serves liveness, and is not ready until someone has migrated. Throws
 * InvalidInputError when the encryption key is not the one of the database.
 */
async function checkDatabase({ context, services }: ComposedSync): Promise<void> {
  const pending = await context.database.pendingMigrations();
  if (pending.length === 0) return services.keyCheck.run();
  context.logger.error('The database schema is old: run "npm run migrate". Not ready until then.', { pending });
}

/** Composes the API from a configuration and listens. */
export async function runApi(config: Config, { clock, logger }: { clock: Clock; logger: ServiceLogger }): Promise<RunningApi> {
  const sync = await composeSync(config, { clock, logger });
  await checkDatabase(sync);
  const { stores } = sync.context;
  const app = await createApi({ config, clock, logger, stores, services: sync.services, surroundings: toSurroundings(sync) });
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
