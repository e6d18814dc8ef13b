import { rolldown } from 'rolldown';
import { bundledFiles, inRoot } from '../apps/cli/bin/project.js';

/** Has a binary, finds its own files beside its code, or uses what Node reports as deprecated outside node_modules. */
const notBundled = ['better-sqlite3', 'swagger-ui-dist', 'fivebeans'];

/** Optional parts of Nest that this project does not install. Nest loads them only when they are used. */
const notInstalled = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'class-transformer/storage',
];

/** TypeORM has a driver for each database, of which the service uses two. */
const unusedDriver =
  /\/typeorm\/driver\/(aurora-mysql|aurora-postgres|capacitor|cockroachdb|cordova|expo|mongodb|nativescript|oracle|postgres|react-native|sap|spanner|sqljs|sqlserver)\/\w+Driver\.js$/;

/**
 * TypeORM gets the driver of MySQL from the service, and formats no statements for people. No route has a schema of Fastify. Without its
 * package, class-validator cannot check telephone numbers.
 */
const unusedPackages = new Map([
  ['mysql2', '/typeorm/'],
  ['@sqltools/formatter', '/typeorm/'],
  ['@fastify/ajv-compiler', '/fastify/'],
  ['@fastify/fast-json-stringify-compiler', '/fastify/'],
  ['libphonenumber-js/max', '/class-validator/'],
]);

const EMPTY = 'not-needed';

const withoutUnusedParts = {
  name: 'without-unused-parts',
  resolveId: (source, importer) =>
    unusedPackages.has(source) && importer?.includes(unusedPackages.get(source)) ? { id: EMPTY, moduleSideEffects: false } : null,
  load: (id) => (id === EMPTY || unusedDriver.test(id) ? 'module.exports = {};' : null),
};

/** V8 keeps a text with one other character at two bytes for each character. Without comments, such characters are in strings only. */
const inOneByte = {
  name: 'in-one-byte',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      file.code = file.code.replace(/[^\0-\xff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    }
  },
};

/** A file that only exports again is skipped, so that a program loads only the parts that it names. */
const withoutBarrels = { moduleSideEffects: [{ test: /\/dist\/libs\/\w+\/src\/index\.js$/, sideEffects: false }] };

/**
 * Bundles the programs of the service. Node then reads a few files instead of two thousand, which takes a third of the processor
 * time. Names of classes are kept: TypeORM, Nest and the logs use them. There are no source maps: Node would read all of them at
 * each start. V8 keeps the text of a program in memory: comments are left out, but for the names of the files.
 */
const bundle = await rolldown({
  input: bundledFiles(),
  platform: 'node',
  external: [...notBundled, ...notInstalled].map((name) => new RegExp(`^${name}(/|$)`)),
  plugins: [withoutUnusedParts],
  treeshake: withoutBarrels,
  onLog(_level, { message }) {
    throw new Error(message);
  },
});
await bundle.write({
  dir: inRoot('dist', 'bundle'),
  cleanDir: true,
  format: 'esm',
  keepNames: true,
  comments: false,
  plugins: [inOneByte],
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
