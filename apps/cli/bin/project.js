import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's top folder. */
export const root = resolve(import.meta.dirname, '../../..');

/** An absolute path inside the repository. */
export const inRoot = (...path) => join(root, ...path);

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const listApplications = () => Object.entries(readJson(inRoot('nest-cli.json')).projects).filter(([, { type }]) => type === 'application');

const compiled = (...path) => `${inRoot('dist', ...path)}.js`;

/** The compiled files from which the programs of the service are bundled, by name of the program: `dist/bundle/<name>.js`. */
export function bundledFiles() {
  const applications = listApplications().map(([name, { sourceRoot, entryFile = 'main' }]) => [name, compiled(sourceRoot, entryFile)]);
  return {
    ...Object.fromEntries(applications),
    beanstalkd: compiled('libs/beanstalkd/src/main'),
    queue: compiled('apps/cli/src/supervisor/embedded-queue-main'),
    'exit-with-parent': compiled('apps/cli/src/supervisor/exit-with-parent'),
  };
}

/** The programs that the scripts can run, by the word that selects them. Applications come from nest-cli.json. */
export function programs() {
  const bundled = (name) => [name, { file: compiled('bundle', name), args: [] }];
  const applications = listApplications().map(([name]) => bundled(name));
  const commands = ['start', 'demo', 'migrate'].map((word) => [word, { file: compiled('bundle/cli'), args: [word] }]);
  const others = [
    ['bench', { file: compiled('bench/main'), args: [], needsDev: true }],
    ['attack', { file: compiled('test/attack/main'), args: [], needsDev: true }],
    ['cluster', { file: compiled('test/cluster/main'), args: [], needsDev: true }],
    ['simulate', { file: compiled('test/simulation/main'), args: [], needsDev: true }],
    ['widget:build', { file: compiled('widget/build/main'), args: [], needsDev: true }],
  ];
  return new Map([...applications, ...commands, bundled('beanstalkd'), ...others]);
}

/** Parses a JSON file. Undefined when it is absent or damaged. */
export function findJson(path) {
  try {
    return readJson(path);
  } catch {
    return undefined;
  }
}
