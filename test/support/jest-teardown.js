import { rm } from 'node:fs/promises';

/** Removes the folder that all workers shared. */
export default async function tearDown() {
  await rm(process.env.JEST_RUN_FOLDER, { recursive: true, force: true });
}
