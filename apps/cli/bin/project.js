import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's top folder. */
export const root = resolve(import.meta.dirname, '../../..');

/** An absolute path inside the repository. */
export const inRoot = (...path) => join(root, ...path);

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const listApplications = () => Object.entries(readJson(inRoot('nest-cli.json')).projects).filter(([, { type }]) => type === 'application');

const compiled = (...path) => `${inRoot('dist', ...path)}.js`;

const toProgram = ({ sourceRoot, entryFile = 'main' }) => ({ file: compiled(sourceRoot, entryFile), args: [] });

/** The programs that the scripts can run, by the word that selects them. Applications come from nest-cli.json. */
export function programs() {
  const applications = listApplications().map(([name, project]) => [name, toProgram(project)]);
  const { cli } = Object.fromEntries(applications);
  const commands = ['start', 'demo', 'migrate'].map((word) => [word, { file: cli.file, args: [word] }]);
  const others = [
    ['beanstalkd', { file: compiled('libs/beanstalkd/src/main'), args: [] }],
    ['bench', { file: compiled('bench/main'), args: [] }],
    ['attack', { file: compiled('test/attack/main'), args: [], needsDev: true }],
    ['simulate', { file: compiled('test/simulation/main'), args: [], needsDev: true }],
    ['widget:build', { file: compiled('widget/build/main'), args: [], needsDev: true }],
  ];
  return new Map([...applications, ...commands, ...others]);
}

/** Parses a JSON file. Undefined when it is absent or damaged. */
export function findJson(path) {
  try {
    return readJson(path);
  } catch {
    return undefined;
  }
}
