import { statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** A killed server leaves its unix socket behind; one that nobody answers on is removed. Throws when somebody does. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  if (await hasResponded(path)) throw new Error(`${path} is in use`);
  unlinkSync(path);
}

function hasResponded(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
