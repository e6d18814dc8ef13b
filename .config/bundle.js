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

/**
 * Bundles the programs of the service. Node then reads a few files instead of two thousand, which takes a third of the processor
 * time. Names of classes are kept: TypeORM, Nest and the logs use them. There are no source maps: Node would read all of them at
 * each start. Comments in the bundles name the file of each part.
 */
const bundle = await rolldown({
  input: bundledFiles(),
  platform: 'node',
  external: [...notBundled, ...notInstalled].map((name) => new RegExp(`^${name}(/|$)`)),
  onLog(_level, { message }) {
    throw new Error(message);
  },
});
await bundle.write({
  dir: inRoot('dist', 'bundle'),
  cleanDir: true,
  format: 'esm',
  keepNames: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
