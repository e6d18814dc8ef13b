import { resolve } from 'node:path';
import { findUrl, InvalidInputError, Secret } from '#domain';

/** The database to use: a local SQLite file, or a MySQL or MariaDB server. */
export type DatabaseTarget =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: Secret;
      readonly database: string;
    };

/** The address of a beanstalkd server. */
export interface BeanstalkEndpoint {
  readonly host: string;
  readonly port: number;
}

/** The queue to use: the embedded server, or external beanstalkd servers. */
export type BeanstalkTarget =
  { readonly kind: 'embedded' } | { readonly kind: 'servers'; readonly endpoints: readonly BeanstalkEndpoint[] };

const DEFAULT_MYSQL_PORT = 3306;
const DEFAULT_BEANSTALK_PORT = 11300;
const MYSQL_FORM = 'must look like mysql://user:password@host:3306/database';
const BEANSTALK_FORM = 'must be embedded or look like beanstalk://host:11300[,host2:11300…]';
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;

const schemeOf = (text: string) => SCHEME.exec(text)?.[1]?.toLowerCase();

function decode(text: string, form: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new InvalidInputError(`${form}, with % written as %25`, { cause });
  }
}

function parseMysqlUrl(text: string): DatabaseTarget {
  const url = findUrl(text);
  const database = decode(url?.pathname.slice(1) ?? '', MYSQL_FORM);
  if (!url?.hostname || !database || database.includes('/') || !url.username) throw new InvalidInputError(MYSQL_FORM);
  if (url.search || url.hash) throw new InvalidInputError(`${MYSQL_FORM}, without ? and # (write them as %3F and %23 in a password)`);
  return {
    kind: 'mysql',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || DEFAULT_MYSQL_PORT),
    user: decode(url.username, MYSQL_FORM),
    password: Secret.of(decode(url.password, MYSQL_FORM)),
    database,
  };
}

function parseSqliteUrl(text: string): DatabaseTarget {
  const path = text.slice('sqlite:'.length).replace(/^\/\/(?=.)/, '');
  if (path === '') throw new InvalidInputError('must name a file: sqlite:./data/sync.sqlite');
  return { kind: 'sqlite', path: path === ':memory:' ? path : resolve(path) };
}

/** Parses `sqlite:<path>` or `mysql://user:password@host:port/database`. Throws InvalidInputError without the password in it. */
export function parseDatabaseUrl(text: string): DatabaseTarget {
  const scheme = schemeOf(text);
  if (scheme === 'sqlite') return parseSqliteUrl(text);
  if (scheme === 'mysql') return parseMysqlUrl(text);
  throw new InvalidInputError(`must start with sqlite: or mysql://, ${scheme ? `${scheme}: is not supported` : 'it has no scheme'}`);
}

function parseEndpoint(text: string): BeanstalkEndpoint {
  const url = /^[^\s/?#@]+$/.test(text) ? findUrl(`beanstalk://${text}`) : undefined;
  if (!url?.hostname || url.port === '0') throw new InvalidInputError(BEANSTALK_FORM);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || DEFAULT_BEANSTALK_PORT) };
}

/** Parses `embedded` or `beanstalk://host:port[,host:port…]`. Throws InvalidInputError, also for a server that is listed twice. */
export function parseBeanstalkUrl(text: string): BeanstalkTarget {
  if (text === 'embedded') return { kind: 'embedded' };
  if (schemeOf(text) !== 'beanstalk') throw new InvalidInputError(BEANSTALK_FORM);
  const names = text
    .replace(/^beanstalk:\/*/i, '')
    .replace(/\/$/, '')
    .split(',');
  const endpoints = names.map((name) => parseEndpoint(name.trim().replace(/^beanstalk:\/\//, '')));
  if (new Set(endpoints.map(({ host, port }) => `${host}:${port}`)).size < endpoints.length) {
    throw new InvalidInputError('lists the same server twice');
  }
  return { kind: 'servers', endpoints };
}
