import type { Config } from '#config';
import { Database, DatabaseRequestLimiter, RateSlotStore, rateRules } from '#database';
import type { Clock, Logger } from '#domain';
import { KommoClient } from '#kommo';
import { QueueClient, createEndpointFinder } from '#queue';
import { Keyring, StateSigner, findLocalKeys } from '#secrets';
import { UnisenderClient } from '#unisender';
import type { SyncContext } from './context.js';
import { createStores } from './create-stores.js';
import { createSync, type SyncServices } from './create-sync.js';

/** One process's use cases with everything below them. */
export interface ComposedSync {
  readonly context: SyncContext;
  readonly services: SyncServices;
  readonly queue: QueueClient;
  /** Lets go of vendors, queue and database. */
  close(): Promise<void>;
}

interface Foundation {
  readonly clock: Clock;
  readonly logger: Logger;
}

function createClients(config: Config, database: Database, { clock, logger }: Foundation) {
  const limiter = new DatabaseRequestLimiter(new RateSlotStore(database), clock, rateRules(config));
  const { kommoAllowedDomains: allowedDomains, kommoOriginOverride, unisenderUrl } = config;
  return {
    kommo: KommoClient.create(
      { allowedDomains, originOverride: kommoOriginOverride === undefined ? undefined : new URL(kommoOriginOverride) },
      { logger, clock, limiter },
    ),
    unisender: UnisenderClient.create({ baseUrl: unisenderUrl }, { logger, clock, limiter }),
  };
}

/** A key of our own making may be rotated while we run. */
function createKeyring({ dataDir, encryptionKey, localSecrets, olderEncryptionKeys }: Config): Keyring {
  const reload = () => {
    const keys = findLocalKeys(dataDir);
    return keys && { ...keys, older: [...olderEncryptionKeys, ...keys.older] };
  };
  return localSecrets.encryptionKey
    ? new Keyring(encryptionKey, olderEncryptionKeys, reload)
    : new Keyring(encryptionKey, olderEncryptionKeys);
}

/**
 * Builds what the API and the worker share from one configuration. Opens the database without migrating it; the queue client
 * connects at its first call. The caller closes a queue client of its own. Throws TransientError `database_unavailable`.
 */
export async function composeSync(config: Config, foundation: Foundation, givenQueue?: QueueClient): Promise<ComposedSync> {
  const { clock, logger } = foundation;
  const database = await Database.open(config.database, { clock });
  const queue = givenQueue ?? new QueueClient(createEndpointFinder(config), clock, logger);
  const context: SyncContext = {
    clock,
    logger,
    database,
    stores: createStores(database, clock),
    keyring: createKeyring(config),
    stateSigner: new StateSigner(config.encryptionKey),
    ...createClients(config, database, foundation),
    queue,
    config,
  };
  const close = async () => {
    context.kommo.close();
    context.unisender.close();
    if (!givenQueue) await queue.close();
    await database.close();
  };
  return { context, services: createSync(context), queue, close };
}
