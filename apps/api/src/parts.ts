import type { AccountStore, IntegrationStore } from '#database';
import type { Clock, Logger, Secret } from '#domain';
import type { ServiceLogger } from '#logging';
import type { TubeStatistics } from '#queue';
import type { SyncServices } from '#sync';

/** What of the configuration the API itself depends on. */
export interface ApiConfig {
  readonly publicUrl: string;
  readonly operatorToken: Secret;
  readonly publicRateLimitPerMinute: number;
  /** Under these domains live the pages that may call the widget's routes. */
  readonly kommoAllowedDomains: readonly string[];
  readonly kommoOauthUrl: string;
  readonly trustProxy: boolean | number | readonly string[];
}

/** What guards look up themselves. */
export interface GuardStores {
  readonly integrations: Pick<IntegrationStore, 'count'>;
  readonly accounts: Pick<AccountStore, 'find'>;
}

/** What readiness and the operator see of database and queue. */
export interface Surroundings {
  isDatabaseReady(): Promise<boolean>;
  pendingMigrations(): Promise<string[]>;
  isQueueReady(): Promise<boolean>;
  listQueues(): Promise<readonly TubeStatistics[]>;
}

/** Also writes the request log. */
export type ApiLogger = Logger & Pick<ServiceLogger, 'requestLog'>;

/** Everything the API is built from. */
export interface ApiParts {
  readonly config: ApiConfig;
  readonly services: SyncServices;
  readonly stores: GuardStores;
  readonly surroundings: Surroundings;
  readonly clock: Clock;
  readonly logger: ApiLogger;
}

/** Injection tokens, one per part: an interface leaves nothing behind to inject by. */
export const CONFIG = Symbol('ApiConfig');
export const SERVICES = Symbol('SyncServices');
export const STORES = Symbol('GuardStores');
export const SURROUNDINGS = Symbol('Surroundings');
export const CLOCK = Symbol('Clock');
export const LOGGER = Symbol('Logger');
