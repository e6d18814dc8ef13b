import type { Config } from '#config';
import { Keyring, beginLocalKeyRotation, endLocalKeyRotation } from '#secrets';
import { AuditLog, EncryptionKeyCheck, KeyRotation, type KeyRotationReport } from '#sync';
import { withSync } from './with-sync.js';

/** Where the command prints, and in which form. */
export interface RotateKeyOutput {
  readonly json: boolean;
  readonly print: (line: string) => void;
  /** Prints progress. */
  readonly printError: (line: string) => void;
}

const INCOMPLETE = 1;

function rotate(config: Config, printProgress: (line: string) => void): Promise<KeyRotationReport> {
  return withSync(config, async (sync) => {
    await sync.get(EncryptionKeyCheck, { strict: false }).run();
    if (config.localSecrets.encryptionKey) beginLocalKeyRotation(config.dataDir);
    const action = { actor: 'cli', action: 'key.rotate', details: { key_id: sync.get(Keyring, { strict: false }).currentKeyId } };
    const rotation = sync.get(KeyRotation, { strict: false });
    const run = () => rotation.run((count) => printProgress(`${count} values encrypted again`));
    return sync.get(AuditLog, { strict: false }).record(action, run);
  });
}

function describe({ keyId, resealed, remaining, unreadable, isComplete }: KeyRotationReport): string[] {
  if (isComplete) return [`Every value is encrypted with key ${keyId}; this run encrypted ${resealed} of them.`];
  return [
    ...(remaining > 0
      ? [`Other processes still encrypt with another key. Set ENCRYPTION_KEY to key ${keyId} in all processes and run this again.`]
      : []),
    ...unreadable.map((place) => `No key decrypts ${place}. Add the key that encrypted it to ENCRYPTION_KEYS_OLD.`),
  ];
}

function describeNextStep({ localSecrets, olderEncryptionKeys }: Config): string {
  if (localSecrets.encryptionKey) return `The new key is in ${localSecrets.encryptionKey.file}.`;
  return olderEncryptionKeys.length > 0
    ? 'ENCRYPTION_KEYS_OLD can be emptied now.'
    : 'To change the key, set ENCRYPTION_KEY and ENCRYPTION_KEYS_OLD in the order of docs/OPERATIONS.md, then run this again.';
}

/**
 * Encrypts every secret of the database with the current key; embedded mode creates a new key first. Returns the exit
 * code: 0, or 1 when some values still have another key.
 */
export async function rotateKey(config: Config, { json, print, printError }: RotateKeyOutput): Promise<number> {
  const report = await rotate(config, printError);
  if (report.isComplete && config.localSecrets.encryptionKey) endLocalKeyRotation(config.dataDir);
  if (json) {
    const { keyId, resealed, remaining, unreadable, isComplete } = report;
    print(JSON.stringify({ key_id: keyId, resealed, remaining, unreadable, complete: isComplete }));
  } else for (const line of [...describe(report), ...(report.isComplete ? [describeNextStep(config)] : [])]) print(line);
  return report.isComplete ? 0 : INCOMPLETE;
}
