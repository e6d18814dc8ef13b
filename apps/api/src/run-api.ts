import { once } from 'node:events';
import { createServer } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '#clock';
import { type Config, collectGarbageOfStart } from '#config';
import { Database } from '#database';
import { InvalidInputError, type Logger } from '#domain';
import type { ServiceLogger } from '#logging';
import { EncryptionKeyCheck } from '#sync';
import { createApi } from './create-api.js';
import { StopState } from './http/stop-state.js';

/** A listening API. */
export interface RunningApi {
  /** The port that the API listens on; the system chose it if the configuration says 0. */
  readonly port: number;
  /**
   * Is not ready any more, but accepts requests for SHUTDOWN_DELAY_SECONDS. Then refuses new connections, finishes the running
   * requests, and closes queue, database and log.
   */
  close(): Promise<void>;
}

/**
 * Logs an error when the schema is old: the process is live, but not ready until the database is migrated. Throws
 * InvalidInputError when the encryption key is not the one that the database was written with, or when the schema is newer.
 */
async function checkDatabase(app: NestFastifyApplication, logger: Logger): Promise<void> {
  const database = app.get<Database>(Database);
  await database.refuseNewerSchema();
  const pending = await database.pendingMigrations();
  if (pending.length === 0) return app.get(EncryptionKeyCheck, { strict: false }).run();
  logger.error('database schema is old: run "npm run migrate"; not ready until then', { pending_migrations: pending });
}

/** A port of a process that is being stopped becomes free within this time. */
const PORT_FREE_WITHIN_MS = 2_000;
const PORT_POLL_MS = 100;

async function findPortError(port: number, host: string): Promise<string | undefined> {
  const probe = createServer().listen({ port, host });
  try {
    await once(probe, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  } finally {
    probe.close();
  }
}

/** Throws InvalidInputError `bad_configuration` when the API cannot listen there. */
async function waitForFreePort({ port, host }: Config): Promise<void> {
  const giveUpAt = systemClock.nowMs() + PORT_FREE_WITHIN_MS;
  let code = await findPortError(port, host);
  while (code === 'EADDRINUSE' && systemClock.nowMs() < giveUpAt) {
    await systemClock.sleep(PORT_POLL_MS);
    code = await findPortError(port, host);
  }
  if (code === undefined) return;
  const problem =
    code === 'EADDRINUSE' ? 'is in use by another process: stop it, or set PORT' : `cannot be opened (${code}): correct PORT or HOST`;
  throw new InvalidInputError(`PORT ${port} of ${host} ${problem}`, { code: 'bad_configuration', fields: [{ field: 'PORT', problem }] });
}

/** Creates the API and listens. Throws InvalidInputError for a wrong encryption key, a newer schema and a port in use, and TransientError `database_unavailable`. */
export async function runApi(config: Config, logger: ServiceLogger): Promise<RunningApi> {
  if (config.trustProxy === true) {
    logger.warn('TRUST_PROXY=true counts as one proxy: set the number of proxies, or their IPs', { trusted_proxies: 1 });
  }
  await waitForFreePort(config);
  const app = await createApi(config, logger);
  await checkDatabase(app, logger);
  await collectGarbageOfStart();
  await app.listen(config.port, config.host);
  const address = app.getHttpServer().address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : config.port,
    close: async () => {
      app.get(StopState, { strict: false }).begin();
      await systemClock.sleep(config.shutdownDelaySeconds * 1000);
      await app.close();
    },
  };
}
