import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { mustRun } from './child.js';
import { withPreparationLock } from './preparation-lock.js';
import { findJson, inRoot } from './project.js';

const STAMP = inRoot('dist', '.built');
const BUILD_INFO = inRoot('dist', 'tsconfig.tsbuildinfo');
const LOCK_FILE = inRoot('package-lock.json');
const INSTALLED = inRoot('node_modules', '.package-lock.json');
const COMPILER = inRoot('node_modules', 'typescript', 'bin', 'tsc');
const API_BUILD = inRoot('dist', 'apps', 'api', 'build', 'main.js');
const WIDGET_BUILD = inRoot('dist', 'widget', 'build', 'main.js');
const BUNDLER = inRoot('.config', 'bundle.js');
const CONSOLE_BUNDLER = inRoot('node_modules', 'vite', 'bin', 'vite.js');
const CONSOLE = inRoot('apps', 'console');
const CONSOLE_OUTPUT = inRoot('dist', 'console', 'index.html');
const READ_BYTES = 65_536;
const sourcePaths = ['apps', 'bench', 'libs', 'migrations', 'test', 'widget', 'ormconfig.ts', 'tsconfig.json', '.config/bundle.js'];

const print = (line) => process.stderr.write(`${line}\n`);

const modifiedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

/** True when node_modules has each package of the lock file in the right version. Dev and optional packages may be absent. */
function hasLockedVersions() {
  const locked = findJson(LOCK_FILE)?.packages ?? {};
  const installed = findJson(INSTALLED)?.packages ?? {};
  return Object.entries(locked).every(([path, { version, dev, optional, devOptional, link }]) => {
    const mayBeAbsent = dev || optional || devOptional || link || path === '';
    return installed[path] === undefined ? mayBeAbsent : installed[path].version === version;
  });
}

function isInstalled(needsDev) {
  const installedMs = modifiedMs(INSTALLED);
  if (installedMs === undefined || (needsDev && !existsSync(COMPILER))) return false;
  return installedMs >= (modifiedMs(LOCK_FILE) ?? 0) || hasLockedVersions();
}

function listFiles(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return existsSync(path) ? [path] : [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => listFiles(`${path}/${entry.name}`));
}

const isWidgetFile = (path) => path.startsWith(`${inRoot('widget')}/`) && /\.(json|css|twig)$/.test(path);

const isConsoleFile = (path) => path.startsWith(`${CONSOLE}/`) && /\.(tsx|css|html|svg)$/.test(path);

const isSource = (path) => (/\.ts$/.test(path) && !/\.spec\.ts$/.test(path)) || isWidgetFile(path) || isConsoleFile(path);

/** Reads a file in pieces. With a buffer for each of hundreds of files, the process would keep a few MiB more for its whole life. */
function hashFile(hash, file, buffer) {
  const descriptor = openSync(file);
  try {
    for (let bytes = readSync(descriptor, buffer); bytes > 0; bytes = readSync(descriptor, buffer)) hash.update(buffer.subarray(0, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function hashFiles(files) {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (const file of files) {
    hash.update(`${relative(inRoot(), file)}\0`);
    hashFile(hash, file, buffer);
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** A hash of the paths and contents of all sources. Undefined in an installation without sources. */
function fingerprintOfSources() {
  const files = sourcePaths.flatMap((path) => listFiles(inRoot(path))).sort();
  if (!files.some(isSource)) return undefined;
  return hashFiles(files.filter((path) => isSource(path) || /(tsconfig\.json|bundle\.js)$/.test(path)));
}

/** A hash of what the bundle of the console is made of. Undefined without its sources. */
function fingerprintOfConsole() {
  const files = listFiles(CONSOLE).filter(isSource).sort();
  return files.length === 0 ? undefined : hashFiles([...files, LOCK_FILE]);
}

function isBuilt(entry) {
  if (entry !== undefined && !existsSync(entry)) return false;
  const fingerprint = fingerprintOfSources();
  return fingerprint === undefined || findJson(STAMP)?.fingerprint === fingerprint;
}

async function install() {
  const hasLockFile = existsSync(LOCK_FILE);
  print(`Installing the packages (npm ${hasLockFile ? 'ci' : 'install'}) …`);
  await mustRun('npm', [hasLockFile ? 'ci' : 'install', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Bundles the console unless its output is up to date. Returns the fingerprint of the bundle. */
async function buildConsole(lastFingerprint) {
  const fingerprint = fingerprintOfConsole();
  if (fingerprint === undefined || (fingerprint === lastFingerprint && existsSync(CONSOLE_OUTPUT))) return fingerprint;
  await mustRun(process.execPath, [CONSOLE_BUNDLER, 'build', CONSOLE, '--logLevel', 'error']);
  return fingerprint;
}

async function build(entry) {
  print('Building (tsc) …');
  const fingerprint = fingerprintOfSources();
  const lastConsole = findJson(STAMP)?.console;
  // When output is missing, the build info must go too. Otherwise the compiler writes nothing.
  if (!existsSync(STAMP) || (entry !== undefined && !existsSync(entry))) rmSync(BUILD_INFO, { force: true });
  rmSync(STAMP, { force: true });
  await mustRun(process.execPath, [COMPILER, '-p', 'tsconfig.json']);
  await mustRun(process.execPath, [BUNDLER]);
  if (existsSync(API_BUILD)) await mustRun(process.execPath, [API_BUILD]);
  if (existsSync(WIDGET_BUILD)) await mustRun(process.execPath, [WIDGET_BUILD, '--files-only']);
  writeFileSync(STAMP, JSON.stringify({ fingerprint, console: await buildConsole(lastConsole) }));
}

const stepsFor = ({ entry, isBuildNeeded, needsDev }) => {
  const mustBuild = isBuildNeeded && !isBuilt(entry);
  return { mustBuild, mustInstall: !isInstalled(needsDev || mustBuild) };
};

/**
 * Installs and builds what is missing or out of date, one process at a time. Dev packages are installed only when the need
 * or a build asks for them.
 */
export async function prepare(need) {
  const { mustBuild, mustInstall } = stepsFor(need);
  if (!mustBuild && !mustInstall) return;
  await withPreparationLock(
    async () => {
      const steps = stepsFor(need);
      if (steps.mustInstall) await install();
      if (steps.mustBuild) await build(need.entry);
    },
    () => print('Another command installs or builds; waiting for it …'),
  );
}
