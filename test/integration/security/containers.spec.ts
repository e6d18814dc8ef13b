import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface Service {
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly network_mode?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets?: Readonly<Record<string, { readonly file?: string }>>;
}

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const readCompose = (file: string) => parse(read(file), { merge: true }) as Compose;

/** MariaDB starts as root and becomes its own user. */
const ADDED_CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  mariadb: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'],
};

/** Variables that hold a secret. A compose file may only name the file of one. */
const SECRET = /KEY|TOKEN|PASSWORD|DATABASE_URL/;

describe.each(['compose.yaml', 'docker/compose.production.yaml'])('S26: the containers of %s', (file) => {
  const { services, secrets = {} } = readCompose(file);

  it.each(Object.entries(services))('%s has no more rights than it needs', (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.cap_add ?? []).toEqual(ADDED_CAPABILITIES[name] ?? []);
    expect([service.privileged, service.network_mode]).toEqual([undefined, undefined]);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it.each(Object.entries(services))('%s gets its secrets as files', (_name, { environment = {}, secrets: used = [] }) => {
    const named = Object.keys(environment).filter((variable) => SECRET.test(variable) && variable !== 'MARIADB_RANDOM_ROOT_PASSWORD');
    for (const variable of named) expect(variable).toMatch(/_FILE$/);
    for (const secret of used) expect(secrets[secret]?.file).toMatch(/^\.\/secrets\//);
  });
});

describe('S26: the image', () => {
  it('is of an LTS version of Node, by its version, and runs as a user without rights', () => {
    const lines = read('docker/Dockerfile').split('\n');
    const images = lines.flatMap((line) => /^ARG NODE\w*_IMAGE=(.+)$/.exec(line)?.[1] ?? []);
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^node:(24|26)\.\d+\.\d+-bookworm(-slim)?$/);
    expect(lines.filter((line) => line.startsWith('FROM '))).toEqual(['FROM ${NODE_IMAGE} AS build', 'FROM ${NODE_RUNTIME_IMAGE}']);
    expect(lines).toContain('USER node');
  });

  it('contains neither data nor secrets of the machine that builds it', () => {
    const ignored = read('docker/Dockerfile.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.env', 'data', 'docker/secrets']));
  });
});
