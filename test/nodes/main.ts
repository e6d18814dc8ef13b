import { readImageDescription } from './image-folder.js';
import { FORMER_LTS, prepareNode } from './node-version.js';

/** Installs what test/e2e/image.spec.ts needs: tests use no network but loopback. */
const { nodeVersion } = await readImageDescription();
await Promise.all([nodeVersion, FORMER_LTS].map(prepareNode));
