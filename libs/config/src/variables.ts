import { parseBeanstalkUrl, parseDatabaseUrl } from './targets.js';
import {
  readCron,
  type Reader,
  readDomains,
  readFlag,
  readHttpUrl,
  readInteger,
  readLabels,
  readOneOf,
  readOrigin,
  readSecret,
  readSecretList,
  readSecretUrl,
  readText,
  readToken,
  readTrustProxy,
} from './readers.js';

/** One variable of the environment and how to parse it. */
export interface Variable<T> {
  readonly name: string;
  readonly read: Reader<T>;
  /** The text to parse when the variable is not set. Undefined: no value, or a value that depends on other variables. */
  readonly fallback: string | undefined;
}

const required = <T>(name: string, fallback: string, read: Reader<T>): Variable<T> => ({ name, read, fallback });

const optional = <T>(name: string, read: Reader<T>): Variable<T | undefined> => ({ name, read, fallback: undefined });

/** Labels of hosts under Kommo's domains that are Kommo's own and no account's. */
const KOMMO_RESERVED_LABELS = [
  ...['www', 'developers', 'developer', 'support', 'help', 'docs', 'status', 'blog', 'news', 'forum', 'community', 'academy'],
  ...['api', 'api-a', 'api-b', 'api-c', 'api-d', 'oauth', 'auth', 'login', 'sso', 'id', 'account', 'accounts', 'my', 'admin'],
  ...['amojo', 'drive', 'drive-a', 'drive-b', 'drive-c', 'drive-d', 'gso', 'edge', 'push', 'ws', 'hooks', 'webhooks', 'widgets'],
  ...['static', 'cdn', 'assets', 'images', 'files', 'media', 'mail', 'smtp', 'mx', 'ns', 'ftp', 'vpn', 'git'],
  ...['app', 'apps', 'marketplace', 'partners', 'partner', 'integrations', 'billing', 'pay'],
];

/** From 100,000 on a vendor's limit is off, for measurements. */
const MAX_RATE = 1_000_000;

/** Every variable of the service; `.env.example` describes each. */
export const VARIABLES = {
  nodeEnv: optional('NODE_ENV', readText),
  port: required('PORT', '8080', readInteger(0, 65_535)),
  host: required('HOST', '127.0.0.1', readText),
  publicUrl: optional('PUBLIC_URL', readHttpUrl),
  trustProxy: required('TRUST_PROXY', 'false', readTrustProxy),
  dataDir: required('DATA_DIR', './data', readText),
  databaseUrl: optional('DATABASE_URL', parseDatabaseUrl),
  beanstalk: required('BEANSTALK_URL', 'embedded', parseBeanstalkUrl),
  embeddedQueuePort: optional('EMBEDDED_QUEUE_PORT', readInteger(1, 65_535)),
  encryptionKey: optional('ENCRYPTION_KEY', readSecret),
  olderEncryptionKeys: required('ENCRYPTION_KEYS_OLD', '', readSecretList),
  operatorToken: optional('OPERATOR_TOKEN', readToken),
  kommoOauthUrl: required('KOMMO_OAUTH_URL', 'https://www.kommo.com/oauth', readHttpUrl),
  kommoAllowedDomains: required('KOMMO_ALLOWED_DOMAINS', 'kommo.com,amocrm.com,amocrm.ru', readDomains),
  kommoReservedLabels: required('KOMMO_RESERVED_LABELS', KOMMO_RESERVED_LABELS.join(','), readLabels),
  kommoOriginOverride: optional('KOMMO_ORIGIN_OVERRIDE', readOrigin),
  kommoRequestsPerSecond: required('KOMMO_REQUESTS_PER_SECOND', '7', readInteger(1, MAX_RATE)),
  kommoAccountRequestsPerSecond: required('KOMMO_ACCOUNT_REQUESTS_PER_SECOND', '7', readInteger(1, MAX_RATE)),
  unisenderUrl: required('UNISENDER_URL', 'https://api.unisender.com/ru/api', readHttpUrl),
  unisenderRequestsPerMinute: required('UNISENDER_REQUESTS_PER_MINUTE', '1200', readInteger(1, MAX_RATE)),
  unisenderTotalRequestsPerMinute: required('UNISENDER_TOTAL_REQUESTS_PER_MINUTE', '1200', readInteger(1, MAX_RATE)),
  unisenderTotalExportsPerMinute: required('UNISENDER_TOTAL_EXPORTS_PER_MINUTE', '20', readInteger(1, MAX_RATE)),
  unisenderExportPollMs: required('UNISENDER_EXPORT_POLL_MS', '2000', readInteger(10, 600_000)),
  publicRateLimitPerMinute: required('PUBLIC_RATE_LIMIT_PER_MINUTE', '120', readInteger(1, MAX_RATE)),
  tokenRenewWithinHours: required('TOKEN_RENEW_WITHIN_HOURS', '6', readInteger(1, 2_160)),
  tokenRenewCron: required('TOKEN_RENEW_CRON', '*/30 * * * *', readCron),
  reconcileCron: required('RECONCILE_CRON', '0 3 * * *', readCron),
  watchdogCron: required('WATCHDOG_CRON', '15 * * * *', readCron),
  sweepSeconds: required('SWEEP_SECONDS', '30', readInteger(1, 3_600)),
  reconcileDeleteLimitPercent: required('RECONCILE_DELETE_LIMIT_PERCENT', '20', readInteger(0, 100)),
  uninstallGraceDays: required('UNINSTALL_GRACE_DAYS', '30', readInteger(0, 3_650)),
  historyKeepDays: required('HISTORY_KEEP_DAYS', '90', readInteger(1, 3_650)),
  auditKeepDays: required('AUDIT_KEEP_DAYS', '365', readInteger(1, 3_650)),
  shutdownDelaySeconds: required('SHUTDOWN_DELAY_SECONDS', '0', readInteger(0, 600)),
  shutdownGraceSeconds: required('SHUTDOWN_GRACE_SECONDS', '20', readInteger(1, 600)),
  logsFolderPath: optional('LOGS_FOLDER_PATH', readText),
  logFormat: required('LOG_FORMAT', 'text', readOneOf('text', 'json')),
  logLevel: required('LOG_LEVEL', 'info', readOneOf('error', 'warn', 'info', 'debug')),
  logKeepDays: required('LOG_KEEP_DAYS', '14', readInteger(1, 3_650)),
  cronitorApiKey: optional('CRONITOR_API_KEY', readSecret),
  cronitorUrl: required('CRONITOR_URL', 'https://cronitor.link', readHttpUrl),
  approveAccounts: required('APPROVE_ACCOUNTS', '0', readFlag),
  consoleReadOnly: required('CONSOLE_READ_ONLY', '0', readFlag),
  alertWebhookUrl: optional('ALERT_WEBHOOK_URL', readSecretUrl),
} as const satisfies Record<string, Variable<unknown>>;

type Variables = typeof VARIABLES;

/** The parsed variables, before anything is derived from them. */
export type Settings = { readonly [K in keyof Variables]: Variables[K] extends Variable<infer T> ? T : never };
