import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { findUnknownVariables } from '#config';

interface Service {
  readonly image?: string;
  readonly build?: object;
  readonly pull_policy?: string;
  readonly command?: readonly string[];
  readonly container_name?: string;
  readonly init?: boolean;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly deploy?: { readonly replicas: number };
  readonly stop_grace_period?: string;
  readonly logging?: { readonly options: Readonly<Record<string, string>> };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets?: Readonly<Record<string, { readonly file?: string }>>;
  readonly networks?: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

const pathOf = (file: string) => fileURLToPath(new URL(`../../../${file}`, import.meta.url));
const read = (file: string) => readFileSync(pathOf(file), 'utf8');
const readCompose = (file: string) => parse(read(file), { merge: true }) as Compose;

const PRODUCTION = 'docker/compose.production.yaml';
const files = ['compose.yaml', PRODUCTION];

/** MariaDB starts as root and becomes its own user. */
const ADDED_CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  database: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'],
};

/** Variables that hold a secret. A compose file may only name the file of one. */
const SECRET = /KEY|TOKEN|PASSWORD|DATABASE_URL/;

/** Rules of style that this project does not follow. */
const STYLE_RULES = {
  'no-quotes-in-volumes': 0,
  'service-keys-order': 0,
  'services-alphabetical-order': 0,
  'top-level-properties-order': 0,
} as const;

/** Its package has no types that a compiler finds. */
const ComposeLinter = DCLinter as unknown as new (config: object) => {
  lintFiles(paths: readonly string[], isRecursive: boolean): readonly { readonly messages: readonly object[] }[];
};

const isOurs = ({ image = '' }: Service) => image.startsWith('kommo-unisender-sync:');

it.each([...files, 'docker/compose.mysql.yaml'])('%s has no mistake that the linter finds', (file) => {
  const results = new ComposeLinter({ rules: STYLE_RULES }).lintFiles([pathOf(file)], false);
  expect(results.flatMap(({ messages }) => messages)).toEqual([]);
});

describe.each(files)('S26: the containers of %s', (file) => {
  const { services, secrets = {} } = readCompose(file);

  it.each(Object.entries(services))('%s has no more rights than it needs', (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.cap_add ?? []).toEqual(ADDED_CAPABILITIES[name] ?? []);
    expect([service.privileged, service.network_mode]).toEqual([undefined, undefined]);
    if (name === 'proxy') expect(service.ports).toEqual(['0.0.0.0:80:8080', '0.0.0.0:443:8443']);
    else for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it.each(Object.entries(services))('%s gets its secrets as files', (_name, { environment = {}, secrets: used = [] }) => {
    const named = Object.keys(environment).filter((variable) => SECRET.test(variable) && variable !== 'MARIADB_RANDOM_ROOT_PASSWORD');
    for (const variable of named) expect(variable).toMatch(/_FILE$/);
    for (const secret of used) expect(secrets[secret]?.file).toMatch(/^\.\/secrets\//);
  });

  it.each(Object.entries(services))('%s has bounded logs and time to stop, and its variables exist', (_name, service) => {
    expect(service).toMatchObject({ init: true, stop_grace_period: '40s', logging: { options: { 'max-size': '10m', 'max-file': '5' } } });
    if (isOurs(service)) expect(findUnknownVariables(service.environment ?? {})).toEqual([]);
  });
});

describe('the services of production', () => {
  const { services, networks = {} } = readCompose(PRODUCTION);
  const { proxy, api, worker, migrate, queue, database } = services;

  it('use one image, which only the migration builds', () => {
    const ours = Object.entries(services).filter(([, service]) => isOurs(service));
    expect(ours.map(([name]) => name)).toEqual(['api', 'worker', 'migrate', 'queue']);
    expect(new Set(ours.map(([, { image }]) => image)).size).toBe(1);
    expect(ours.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['migrate']);
    expect(ours.map(([, service]) => service.pull_policy)).toEqual(['never', 'never', 'build', 'never']);
  });

  it('can be scaled: no name and no port of the host is used twice', () => {
    expect(Object.values(services).map(({ container_name }) => container_name)).toEqual(Array(6).fill(undefined));
    expect(Object.entries(services).flatMap(([name, { ports }]) => (ports ? [name] : []))).toEqual(['proxy']);
    expect([api?.deploy, worker?.deploy]).toEqual([{ replicas: 2 }, { replicas: 2 }]);
  });

  it('start in order: database and queue, migration, API and workers, proxy', () => {
    expect(migrate?.depends_on).toEqual({ database: { condition: 'service_healthy' } });
    for (const service of [api, worker]) {
      expect(service?.depends_on).toEqual({
        migrate: { condition: 'service_completed_successfully' },
        queue: { condition: 'service_healthy' },
      });
    }
    expect(proxy?.depends_on).toEqual({ api: { condition: 'service_healthy' } });
    for (const service of [database, queue, api, proxy]) expect(service?.healthcheck?.test[0]).toBe('CMD');
  });

  it('keep database and queue in a network without a way out', () => {
    expect(networks).toEqual({ outside: null, inside: { internal: true } });
    expect([database?.networks, queue?.networks]).toEqual([['inside'], ['inside']]);
    expect(proxy?.networks).toEqual(['outside']);
  });

  it('can have MySQL as the database', () => {
    expect(Object.keys(readCompose('docker/compose.mysql.yaml').services)).toEqual(['database']);
  });

  it('have a proxy that logs no URL and passes requests to the API', () => {
    const lines = read('docker/nginx.conf')
      .split('\n')
      .map((line) => line.trim());
    expect(lines).toEqual(expect.arrayContaining(['access_log off;', 'error_log /dev/stderr crit;', 'listen 8080 default_server;']));
    expect(lines).toEqual(expect.arrayContaining(['listen 8443 ssl default_server;', 'proxy_set_header X-Forwarded-For $remote_addr;']));
    expect(lines.filter((line) => line.startsWith('set $api'))).toEqual(Array(2).fill('set $api http://api:8080;'));
    expect(api?.environment?.['TRUST_PROXY']).toBe('1');
  });
});

describe('S26: the image', () => {
  const dockerfile = read('docker/Dockerfile');

  it('has no mistake that the linter finds', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  it('is of an LTS version of Node, by its version, and runs as a user without rights', () => {
    const lines = dockerfile.split('\n');
    const images = lines.flatMap((line) => /^ARG NODE\w*_IMAGE=(.+)$/.exec(line)?.[1] ?? []);
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^node:26\.\d+\.\d+-bookworm(-slim)?$/);
    expect(lines.filter((line) => line.startsWith('FROM '))).toEqual(['FROM ${NODE_IMAGE} AS build', 'FROM ${NODE_RUNTIME_IMAGE}']);
    expect(lines).toContain('USER node');
  });

  it('contains neither data nor secrets of the machine that builds it', () => {
    const ignored = read('docker/Dockerfile.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.env', 'data', 'docker/secrets']));
  });
});
