import type { Config } from '#config';
import { Keyring, beginLocalKeyRotation, endLocalKeyRotation } from '#secrets';
import { KeyRotation, type KeyRotationReport } from '#sync';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../output/exit-code.js';
import type { CommandResult } from '../output/result.js';
import { printLine } from '../output/terminal.js';
import { withSync } from './with-sync.js';

function rotate(context: CommandContext, config: Config, printProgress: (line: string) => void): Promise<KeyRotationReport> {
  return withSync(context, async (session) => {
    if (config.localSecrets.encryptionKey) beginLocalKeyRotation(config.dataDir);
    const rotation = session.get(KeyRotation);
    const run = () => rotation.run((count) => printProgress(`${count} values encrypted again`));
    return session.audited('key.rotate', { key_id: session.get(Keyring).currentKeyId }, run);
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
 * Encrypts every secret of the database with the current key; embedded mode creates a new key first. Prints progress on standard error.
 * The exit code is 1 when some values still have another key.
 */
export async function runRotateKey(context: CommandContext): Promise<CommandResult> {
  const config = context.loadConfig();
  const report = await rotate(context, config, (line) => printLine(context.terminal.errors, line));
  const { keyId, resealed, remaining, unreadable, isComplete } = report;
  if (isComplete && config.localSecrets.encryptionKey) endLocalKeyRotation(config.dataDir);
  return {
    document: { key_id: keyId, resealed, remaining, unreadable, complete: isComplete },
    toLines: () => [...describe(report), ...(isComplete ? [describeNextStep(config)] : [])],
    exitCode: isComplete ? exitCodes.done : exitCodes.failed,
  };
}
