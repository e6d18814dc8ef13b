import { statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** Removes a unix socket that a killed server has left at `path`. Does nothing without one. Rejects when a server listens on it. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  if (await isListening(path)) throw new Error(`${path} is in use`);
  unlinkSync(path);
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
