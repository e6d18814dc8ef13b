import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidInputError } from '#domain';
import { loadConfig } from './config.js';
import { embeddedQueueAddressFile, embeddedQueuePortFile } from './embedded-queue.js';
import { bareEnvironment, childEnvironment, type Environment, withDotEnv } from './environment.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const TOKEN = 'operator-token-of-the-tests';
const secrets = { ENCRYPTION_KEY: KEY, OPERATOR_TOKEN: TOKEN };
const MYSQL = 'mysql://sync:p%40ss@db.example:3307/contacts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const load = (env: Environment = {}) => loadConfig({ DATA_DIR: dir, ...secrets, ...env });

function problemsOf(env: Environment): Record<string, string> {
  try {
    load(env);
  } catch (error) {
    if (error instanceof InvalidInputError) return Object.fromEntries(error.fields.map(({ field, problem }) => [field, problem]));
    throw error;
  }
  return {};
}

describe('loadConfig', () => {
  it('works without any variable', () => {
    const config = loadConfig({ DATA_DIR: dir });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      publicUrl: 'http://localhost:8080',
      database: { kind: 'sqlite', path: join(dir, 'sync.sqlite') },
      beanstalk: { kind: 'embedded' },
      kommoAllowedDomains: ['kommo.com', 'amocrm.com', 'amocrm.ru'],
      kommoRequestsPerSecond: 7,
      unisenderRequestsPerMinute: 1200,
      sweepSeconds: 30,
      logsFolderPath: join(dir, 'logs'),
      isProduction: false,
      trustProxy: false,
    });
  });

  it('returns a frozen object', () => {
    expect(Object.isFrozen(load())).toBe(true);
  });

  it('shows no secret when printed', () => {
    const config = load({ DATABASE_URL: MYSQL, CRONITOR_API_KEY: 'cronitor-key', ALERT_WEBHOOK_URL: 'https://alerts.example/very-secret' });
    const printed = inspect(config, { depth: 9 }) + JSON.stringify(config);
    for (const secret of [KEY, TOKEN, 'p@ss', 'cronitor-key', 'very-secret']) expect(printed).not.toContain(secret);
  });

  it('treats an empty variable as not set', () => {
    expect(load({ PORT: '', SWEEP_SECONDS: '  ' })).toMatchObject({ port: 8080, sweepSeconds: 30 });
  });

  it('reports every problem on a line of its own', () => {
    const bad = {
      PORT: '80x',
      SWEEP_SECONDS: '0',
      LOG_FORMAT: 'xml',
      RECONCILE_CRON: '* * *',
      PUBLIC_URL: 'sync.example',
      DATABASE_URL: 'postgres://x/y',
    };
    const problems = problemsOf(bad);
    expect(Object.keys(problems).sort()).toEqual(Object.keys(bad).sort());
    expect(problems['DATABASE_URL']).toContain('postgres');
    expect(() => load(bad)).toThrow(/^(.+\n){5}.+$/);
  });

  it.each<[string, string[]]>([
    ['PORT', ['-1', '65536', '8080.5', '1e3', '0x10', 'eighty']],
    ['TRUST_PROXY', ['yes', '10.0.0.0/33', 'proxy.example', '999']],
    ['KOMMO_ALLOWED_DOMAINS', ['com', ',', 'https://kommo.com', 'kommo.com/x']],
    ['KOMMO_OAUTH_URL', ['ftp://kommo.com', 'https://user:pass@kommo.com/oauth', 'https://kommo.com/?a=1']],
    ['KOMMO_ORIGIN_OVERRIDE', ['localhost:8090', 'http://localhost:8090/path']],
    ['KOMMO_REQUESTS_PER_SECOND', ['0', '-7', '7.5']],
    ['TOKEN_RENEW_CRON', ['@daily', '61 * * * *', '* * * *', '* * * * * * *', 'never']],
    ['RECONCILE_DELETE_LIMIT_PERCENT', ['101', '20%']],
    ['LOG_LEVEL', ['verbose', 'INFO']],
    ['ALERT_WEBHOOK_URL', ['alerts.example']],
    ['OPERATOR_TOKEN', ['short', 'has blanks in its middle', 'токен-оператора-длинный']],
    ['ENCRYPTION_KEY', ['short', Buffer.alloc(16).toString('base64')]],
    ['ENCRYPTION_KEYS_OLD', ['short', `${KEY},short`]],
    [
      'DATABASE_URL',
      [
        'sqlite:',
        'mysql://host',
        'mysql://host/db',
        'mysql://user@host:99999/db',
        'mysql://u:p%@h/db',
        'mysql://u:p#x@h/db',
        '/data/x',
        'oracle:x',
      ],
    ],
    [
      'BEANSTALK_URL',
      [
        'localhost:11300',
        'beanstalk://',
        'beanstalk://a,,b',
        'beanstalk://a:0',
        'beanstalk://a:99999',
        'beanstalk://a,a:11300',
        'redis://a',
      ],
    ],
  ])('rejects %s=%j', (name, values) => {
    for (const value of values) expect([value, Object.keys(problemsOf({ [name]: value }))]).toEqual([value, [name]]);
  });

  it('shows no password in a problem', () => {
    expect(JSON.stringify(problemsOf({ DATABASE_URL: 'mysql://user:hunter2@:/x/y' }))).not.toContain('hunter2');
  });

  it('reads host, user, password and database of a mysql:// URL', () => {
    const { database } = load({ DATABASE_URL: MYSQL });
    expect(database).toMatchObject({ kind: 'mysql', host: 'db.example', port: 3307, user: 'sync', database: 'contacts' });
    expect(database.kind === 'mysql' && database.password.reveal()).toBe('p@ss');
  });

  it.each([
    ['sqlite:/var/lib/x.sqlite', '/var/lib/x.sqlite'],
    ['sqlite:///var/lib/x.sqlite', '/var/lib/x.sqlite'],
    ['sqlite:./x.sqlite', join(process.cwd(), 'x.sqlite')],
    ['sqlite::memory:', ':memory:'],
  ])('reads the file path of %s', (url, path) => {
    expect(load({ DATABASE_URL: url }).database).toEqual({ kind: 'sqlite', path });
  });

  it.each([
    ['beanstalk://queue', [['queue', 11300]]],
    ['beanstalk://a:1,b,[::1]:3', [['a', 1], ['b', 11300], ['::1', 3]]], // prettier-ignore
    ['beanstalk://a:1, beanstalk://b:2/', [['a', 1], ['b', 2]]], // prettier-ignore
  ])('reads the servers of %s', (url, expected) => {
    expect(load({ BEANSTALK_URL: url }).beanstalk).toEqual({
      kind: 'servers',
      endpoints: expected.map(([host, port]) => ({ host, port })),
    });
  });

  it.each<[string, unknown]>([
    ['true', true],
    ['0', false],
    ['2', 2],
    ['loopback, 10.0.0.0/8,fc00::/7', ['loopback', '10.0.0.0/8', 'fc00::/7']],
  ])('reads TRUST_PROXY=%s', (text, expected) => {
    expect(load({ TRUST_PROXY: text }).trustProxy).toEqual(expected);
  });

  it('removes the slash at the end of URLs', () => {
    const env = {
      PUBLIC_URL: 'https://sync.example/',
      UNISENDER_URL: 'http://localhost:1/en/api//',
      KOMMO_ORIGIN_OVERRIDE: 'http://LOCALHOST:8090/',
    };
    expect(load(env)).toMatchObject({
      publicUrl: 'https://sync.example',
      unisenderUrl: 'http://localhost:1/en/api',
      kommoOriginOverride: 'http://localhost:8090',
    });
  });

  it('accepts cron expressions of five and of six fields', () => {
    expect(problemsOf({ RECONCILE_CRON: '30 2 * * mon-fri', WATCHDOG_CRON: '*/10 * * * * *' })).toEqual({});
  });

  it('rejects KOMMO_ORIGIN_OVERRIDE in production', () => {
    const override = { KOMMO_ORIGIN_OVERRIDE: 'http://localhost:8090' };
    expect(load(override).kommoOriginOverride).toBe('http://localhost:8090');
    expect(Object.keys(problemsOf({ ...override, NODE_ENV: 'production' }))).toEqual(['KOMMO_ORIGIN_OVERRIDE']);
  });

  it('has no logs folder when LOGS_FOLDER_PATH is none', () => {
    expect(load({ LOGS_FOLDER_PATH: 'none' }).logsFolderPath).toBeUndefined();
  });
});

describe('secrets of the configuration', () => {
  it('are created under DATA_DIR in embedded mode, and their files are reported', () => {
    const first = loadConfig({ DATA_DIR: dir });
    expect(first.localSecrets).toMatchObject({
      encryptionKey: { file: join(dir, 'encryption.key'), created: true },
      operatorToken: { file: join(dir, 'operator.token'), created: true },
    });
    const second = loadConfig({ DATA_DIR: dir });
    expect(second.operatorToken.reveal()).toBe(first.operatorToken.reveal());
    expect(second.localSecrets.operatorToken?.created).toBe(false);
  });

  it('are not created when they are set', () => {
    expect(load().localSecrets).toEqual({});
    expect(existsSync(join(dir, 'encryption.key'))).toBe(false);
  });

  it('are required with a mysql:// database', () => {
    const env = { DATABASE_URL: MYSQL, ENCRYPTION_KEY: '', OPERATOR_TOKEN: '' };
    expect(Object.keys(problemsOf(env)).sort()).toEqual(['ENCRYPTION_KEY', 'OPERATOR_TOKEN']);
  });

  it('are not created when another variable is wrong', () => {
    expect(() => loadConfig({ DATA_DIR: dir, PORT: 'x' })).toThrow(/^PORT /);
    expect(existsSync(join(dir, 'encryption.key'))).toBe(false);
  });

  it('are read from the file that NAME_FILE names', () => {
    const file = join(dir, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    expect(load({ OPERATOR_TOKEN: '', OPERATOR_TOKEN_FILE: file }).operatorToken.reveal()).toBe(TOKEN);
  });

  it('are rejected when the file is missing, empty, or set together with the variable', () => {
    writeFileSync(join(dir, 'empty'), '\n');
    const attempts = [
      { ENCRYPTION_KEY: '', ENCRYPTION_KEY_FILE: join(dir, 'none') },
      { ENCRYPTION_KEY: '', ENCRYPTION_KEY_FILE: join(dir, 'empty') },
      { ENCRYPTION_KEY_FILE: join(dir, 'empty') },
    ];
    const problems = attempts.map((env) => problemsOf(env)['ENCRYPTION_KEY']);
    expect(problems).toEqual([expect.stringContaining('ENOENT'), expect.stringContaining('empty'), expect.stringContaining('together')]);
  });
});

describe('withDotEnv', () => {
  it('adds the variables of .env that the environment does not set', () => {
    writeFileSync(join(dir, '.env'), 'PORT=1\nHOST=127.0.0.1\nOPERATOR_TOKEN=x\n');
    expect(withDotEnv(dir, { PORT: '2', OPERATOR_TOKEN_FILE: '/f' })).toEqual({ PORT: '2', HOST: '127.0.0.1', OPERATOR_TOKEN_FILE: '/f' });
  });

  it('returns the environment unchanged without a .env file', () => {
    expect(withDotEnv(dir, { PORT: '2' })).toEqual({ PORT: '2' });
  });
});

describe('childEnvironment', () => {
  it('copies the environment of this process, with some variables changed and some removed', () => {
    const env = childEnvironment({ PATH: undefined, PORT: '2' });
    expect([env['PATH'], env['PORT'], env['HOME']]).toEqual([undefined, '2', process.env['HOME']]);
  });
});

it('puts the files of the embedded queue under DATA_DIR', () => {
  expect(embeddedQueuePortFile('/data')).toBe('/data/queue.port');
  expect(embeddedQueueAddressFile('/data')).toBe('/data/queue.address');
});

it('S19: gives a child without configuration no variable of the service', () => {
  const names = Object.keys(bareEnvironment());
  expect(names).toContain('PATH');
  for (const name of names) expect(name).toMatch(/^(PATH|HOME|LANG|TZ|TMPDIR|NODE_OPTIONS|NODE_V8_COVERAGE)$/);
});
