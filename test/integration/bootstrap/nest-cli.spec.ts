import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const repository = join(import.meta.dirname, '../../..');

interface Project {
  readonly type: 'application' | 'library';
  readonly root: string;
  readonly sourceRoot: string;
  /** `main` unless given. */
  readonly entryFile?: string;
}

describe('nest-cli.json', () => {
  const { projects } = JSON.parse(readFileSync(join(repository, 'nest-cli.json'), 'utf8')) as { projects: Record<string, Project> };
  const listFolders = (parent: string) => readdirSync(join(repository, parent)).map((name) => `${parent}/${name}`);

  it('lists every application and library of the repository, and nothing else', () => {
    const roots = Object.values(projects).map(({ root }) => root);
    // Vite builds the console, which runs in a browser.
    const ofNest = [...listFolders('apps'), ...listFolders('libs')].filter((folder) => folder !== 'apps/console');
    expect(roots.sort()).toEqual(ofNest.sort());
  });

  it.each(Object.entries(projects))('gives the right root, source root and entry file of %s', (name, project) => {
    const { type, root, sourceRoot, entryFile = 'main' } = project;
    expect([root, sourceRoot]).toEqual([`${type === 'application' ? 'apps' : 'libs'}/${name}`, `${root}/src`]);
    expect(readdirSync(join(repository, sourceRoot))).toContain(`${entryFile}.ts`);
  });
});

describe('the Nest CLI with the configuration of this repository', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nest-cli-'));
    for (const file of ['nest-cli.json', 'package.json', 'tsconfig.json']) cpSync(join(repository, file), join(folder, file));
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    write('libs/domain/src/index.ts', "export const greeting: string = 'hello from the domain';");
    write('apps/api/src/main.ts', "import { greeting } from '#domain';\nconsole.log(greeting);");
    write('apps/api/src/api.module.ts', "import { Module } from '@nestjs/common';\n\n@Module({})\nexport class ApiModule {}\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  const nest = async (...args: string[]): Promise<string> => {
    const program = join(repository, 'node_modules/@nestjs/cli/bin/nest.js');
    return (await promisify(execFile)(process.execPath, [program, ...args], { cwd: folder })).stdout;
  };

  it('compiles every application and library with `nest build`, and runs one with `nest start`', async () => {
    await nest('build');
    const wanted = ['apps/api/src/main.js', 'apps/api/src/api.module.js', 'libs/domain/src/index.js'];
    expect(wanted.filter((file) => !existsSync(join(folder, 'dist', file)))).toEqual([]);
    expect(await nest('start', 'api')).toContain('hello from the domain');
  });

  it('fails when `nest build` finds a type error', async () => {
    write('libs/domain/src/index.ts', 'export const greeting: string = 1;');
    await expect(nest('build')).rejects.toThrow('Command failed');
  });

  it('generates files in the right project, and they compile', async () => {
    await nest('generate', 'module', 'foo', '--project', 'api');
    await nest('generate', 'service', 'foo', '--project', 'api');
    await nest('generate', 'class', 'rules/bar', '--project', 'domain', '--flat');
    expect(readdirSync(join(folder, 'apps/api/src/foo')).sort()).toEqual(['foo.module.ts', 'foo.service.ts']);
    expect(readdirSync(join(folder, 'libs/domain/src/rules'))).toEqual(['bar.ts']);
    expect(read('apps/api/src/api.module.ts')).toContain("import { FooModule } from './foo/foo.module.js';");
    expect(read('apps/api/src/foo/foo.module.ts')).toContain('providers: [FooService]');
    await nest('build');
  });
});
