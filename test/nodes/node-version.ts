import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { findProjectFolder } from '#config';

/** Another version of Node, and the addon of better-sqlite3 for it. */
export interface NodeVersion {
  /** The path of the program. */
  readonly program: string;
  /** The path of `better_sqlite3.node`. */
  readonly sqliteAddon: string;
}

/** The last one of its line whose headers better-sqlite3 can be compiled with (docs/OPERATIONS.md, "Node 24"). */
export const FORMER_LTS = '24.18.1';

const run = promisify(execFile);
const modules = join(findProjectFolder(), 'node_modules');
const sqlite = join(modules, 'better-sqlite3');
const cache = join(modules, '.cache', 'node-versions');

/** The npm package with Node itself and its C++ headers. */
const PACKAGE = `node-${process.platform}-${process.arch}`;

/** The path of the addon inside of better-sqlite3. */
export const SQLITE_ADDON = 'build/Release/better_sqlite3.node';

/** Installs a package of exactly this version without running its scripts. */
async function install(folder: string, name: string, version: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: version } }));
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: folder });
  return join(folder, 'node_modules', name);
}

/**
 * Compiles the part of better-sqlite3 that depends on the version of Node. SQLite itself, which takes a minute, does not depend on it:
 * it is linked from node_modules. Returns the path of the addon.
 */
async function compileAddon(folder: string, node: string, library: string): Promise<string> {
  const addon = join(folder, 'better_sqlite3.node');
  const include = [join(node, 'include', 'node'), join(sqlite, 'build/Release/obj/gen/sqlite3')].flatMap((path) => ['-I', path]);
  const defines = ['-DNODE_GYP_MODULE_NAME=better_sqlite3', '-DBUILDING_NODE_EXTENSION'];
  const source = join(sqlite, 'src', 'better_sqlite3.cpp');
  await run('g++', ['-O0', '-fPIC', '-shared', '-std=c++20', ...defines, ...include, source, library, '-o', addon]);
  return addon;
}

/** Installs better-sqlite3 with that version of Node: its script fetches a ready binary, as it did here. Returns the path of the addon. */
async function fetchAddon(folder: string, node: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(sqlite, 'package.json'), 'utf8')) as { readonly version: string };
  const own = join(folder, 'addon');
  const installed = await install(own, 'better-sqlite3', version);
  const PATH = [join(node, 'bin'), process.env['PATH']].join(delimiter);
  await run('npm', ['rebuild', 'better-sqlite3'], { cwd: own, env: { ...process.env, PATH, npm_config_nodedir: node } });
  return join(installed, SQLITE_ADDON);
}

const inCache = (version: string): NodeVersion => ({
  program: join(cache, version, 'node_modules', PACKAGE, 'bin', 'node'),
  sqliteAddon: join(cache, version, 'addon.node'),
});

/** A version of Node that {@link prepareNode} has installed before; undefined without it. */
export function findNode(version: string): NodeVersion | undefined {
  const found = inCache(version);
  return existsSync(found.sqliteAddon) ? found : undefined;
}

/** Like {@link findNode}; throws when {@link prepareNode} has not installed the version. */
export function getNode(version: string): NodeVersion {
  const found = findNode(version);
  if (!found) throw new Error(`Node ${version} is not prepared (see .ci/run)`);
  return found;
}

/** Installs a version of Node with npm and compiles the addon, into the cache of node_modules. */
export async function prepareNode(version: string): Promise<void> {
  if (findNode(version)) return;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, `${version}-`));
  const node = await install(fresh, PACKAGE, version);
  const library = join(sqlite, 'build/Release/sqlite3.a');
  const addon = existsSync(library) ? await compileAddon(fresh, node, library) : await fetchAddon(fresh, node);
  await rename(addon, join(fresh, 'addon.node'));
  // Another process may have been faster.
  await rename(fresh, join(cache, version)).catch(() => rm(fresh, { recursive: true }));
}
