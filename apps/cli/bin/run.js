import { existsSync, statfsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ChildFailed, run } from './child.js';
import { prepare } from './preparation.js';
import { inRoot, programs } from './project.js';
import { findSqliteProblem } from './sqlite-addon.js';

/** sysexits(3) */
const EX_USAGE = 64;
const EX_CONFIG = 78;

const tool = (name) => inRoot('node_modules', '.bin', name);

/** Two rows of checks that run side by side: eslint takes as long as all others together. */
const checkRows = [
  [['eslint', '-c', '.config/eslint.config.js', '.']],
  [
    ['prettier', '--check', '.'],
    ['tsc', '-p', 'tsconfig.json', '--noEmit', '--incremental', 'false'],
    ['tsc', '-p', 'widget'],
    ['tsc', '-p', 'apps/console'],
    ['depcruise', '--config', '.config/dependency-cruiser.cjs', 'apps', 'bench', 'libs', 'migrations', 'test', 'widget', 'ormconfig.ts'],
    ['knip', '--config', '.config/knip.json'],
  ],
];

async function runRow(row) {
  const exitCodes = [];
  for (const [name, ...args] of row) {
    process.stderr.write(`${name} …\n`);
    exitCodes.push(await run(tool(name), args));
  }
  return exitCodes;
}

/** Runs every check, even after a failure. Returns the first exit code that is not 0. */
async function check() {
  await prepare({ isBuildNeeded: false, needsDev: true });
  const exitCodes = (await Promise.all(checkRows.map(runRow))).flat();
  return exitCodes.find((exitCode) => exitCode !== 0) ?? 0;
}

/** A file system in memory: a commit of a test need not survive the machine. */
const MEMORY_FOLDER = '/dev/shm';
const MIN_MEMORY_BYTES = 4 * 1024 ** 3;

/** Temporary files of the tests are in memory where it is large enough; TMPDIR overrides it. */
function chooseTemporaryFolder() {
  if (process.env.TMPDIR !== undefined || !existsSync(MEMORY_FOLDER)) return;
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
  if (bavail * bsize >= MIN_MEMORY_BYTES) process.env.TMPDIR = MEMORY_FOLDER;
}

function refuseAbortingNode() {
  const problem = findSqliteProblem();
  if (problem !== undefined) throw new ChildFailed(problem, EX_CONFIG);
}

const setsWorkers = (args) => args.some((arg) => /^(-i|-w|--runInBand|--maxWorkers)/.test(arg));

async function test(args) {
  await prepare({ isBuildNeeded: true, needsDev: true });
  refuseAbortingNode();
  chooseTemporaryFolder();
  const workers = setsWorkers(args) ? [] : ['--maxWorkers=3'];
  const jest = [inRoot('node_modules', 'jest', 'bin', 'jest.js'), '-c', inRoot('.config', 'jest.config.js'), ...workers, ...args];
  return run(process.execPath, ['--experimental-vm-modules', ...jest]);
}

/** Runs the program in this process, so that signals, standard streams and exit code are the program's own. */
async function start({ file, args, needsDev = false }, moreArgs) {
  await prepare({ isBuildNeeded: true, needsDev, entry: file });
  refuseAbortingNode();
  process.argv = [process.execPath, file, ...args, ...moreArgs];
  await import(pathToFileURL(file).href);
}

function usage() {
  process.stderr.write(`usage: node apps/cli/bin/run.js <${[...programs().keys(), 'test', 'check'].join('|')}> [arguments]\n`);
  process.stderr.write('       node apps/cli/bin/run.js --prepare\n');
  return EX_USAGE;
}

async function main([word, ...args]) {
  if (word === '--prepare') return prepare({ isBuildNeeded: true, needsDev: true });
  if (word === 'test') return test(args);
  if (word === 'check') return check();
  const program = programs().get(word);
  return program ? start(program, args) : usage();
}

try {
  const exitCode = await main(process.argv.slice(2));
  if (exitCode !== undefined) process.exitCode = exitCode;
} catch (error) {
  if (!(error instanceof ChildFailed)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
