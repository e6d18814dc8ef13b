import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's top folder. */
export const root = resolve(import.meta.dirname, '../../..');

export const inRoot = (...path) => join(root, ...path);

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const applications = () => Object.entries(readJson(inRoot('nest-cli.json')).projects).filter(([, { type }]) => type === 'application');

const compiled = (...path) => `${inRoot('dist', ...path)}.js`;

/** What each word starts: the applications of nest-cli.json under their names, the rest as said here. */
export function programs() {
  const started = applications().map(([name, { sourceRoot, entryFile = 'main' }]) => [name, { file: compiled(sourceRoot, entryFile), args: [] }]);
  const { cli } = Object.fromEntries(started);
  const commands = ['start', 'demo', 'migrate'].map((word) => [word, { file: cli.file, args: [word] }]);
  const alone = [
    ['beanstalkd', { file: compiled('libs/beanstalkd/src/main'), args: [] }],
    ['bench', { file: compiled('bench/main'), args: [] }],
  ];
  return new Map([...started, ...commands, ...alone]);
}

/** The parsed file, or undefined when there is none or it is damaged. */
export function findJson(path) {
  try {
    return readJson(path);
  } catch {
    return undefined;
  }
}
