import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Creates the folder that all workers of one jest run share. */
export default async function setUp() {
  process.env.JEST_RUN_FOLDER = await mkdtemp(join(tmpdir(), 'jest-'));
}
