import { systemClock } from '#clock';
import type { Config } from '#config';
import { silentLogger } from '#domain';
import { beginLocalKeyRotation, endLocalKeyRotation } from '#secrets';
import { type KeyRotationReport, composeSync } from '#sync';

/** Where the command writes, and how. */
export interface RotateKeyOutput {
  readonly json: boolean;
  readonly say: (line: string) => void;
  /** For what is not the result. */
  readonly mutter: (line: string) => void;
}

const INCOMPLETE = 1;

async function rotate(config: Config, mutter: (line: string) => void): Promise<KeyRotationReport> {
  const composition = await composeSync(config, { clock: systemClock, logger: silentLogger });
  const { context, services } = composition;
  try {
    await services.keyCheck.run();
    if (config.localSecrets.encryptionKey) beginLocalKeyRotation(config.dataDir);
    const action = { actor: 'cli', action: 'key.rotate', details: { key_id: context.keyring.currentKeyId } };
    return await services.audit.record(action, () => services.keyRotation.run((count) => mutter(`${count} values sealed anew`)));
  } finally {
    await composition.close();
  }
}

function describe({ keyId, resealed, remaining, unreadable, isComplete }: KeyRotationReport): string[] {
  if (isComplete) return [`Every value is sealed with key ${keyId}; ${resealed} of them now.`];
  return [
    ...(remaining > 0
      ? [`Other processes still seal with another key: give all of them key ${keyId} as ENCRYPTION_KEY, and run this again.`]
      : []),
    ...unreadable.map((place) => `No key opens ${place}: add the one it was sealed with to ENCRYPTION_KEYS_OLD.`),
  ];
}

function adviceOf({ localSecrets, olderEncryptionKeys }: Config): string {
  if (localSecrets.encryptionKey) return `The new key is in ${localSecrets.encryptionKey.file}.`;
  return olderEncryptionKeys.length > 0
    ? 'ENCRYPTION_KEYS_OLD may be emptied now.'
    : 'To change the key: set ENCRYPTION_KEY to the new one and ENCRYPTION_KEYS_OLD to the present one, as docs/OPERATIONS.md says, and run this again.';
}

/** Seals every secret in the database with the current key; in embedded mode that is a new one. Returns the exit code: 0, or 1 when something is left. */
export async function rotateKey(config: Config, { json, say, mutter }: RotateKeyOutput): Promise<number> {
  const report = await rotate(config, mutter);
  if (report.isComplete && config.localSecrets.encryptionKey) endLocalKeyRotation(config.dataDir);
  if (json) {
    const { keyId, resealed, remaining, unreadable, isComplete } = report;
    say(JSON.stringify({ key_id: keyId, resealed, remaining, unreadable, complete: isComplete }));
  } else for (const line of [...describe(report), ...(report.isComplete ? [adviceOf(config)] : [])]) say(line);
  return report.isComplete ? 0 : INCOMPLETE;
}
