import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { AccountStore, canaryColumn, Database, type DatabaseLocation, sealedColumns, SealedValueStore } from '#database';
import { type Clock, Secret } from '#domain';
import { Keyring } from '#secrets';
import { EncryptionKeyCheck, Integrations, KeyRotation, TokenService, VendorWebhooks } from '#sync';
import { SandboxControl } from '../../support/sandbox-control.js';
import { ENCRYPTION_KEY, type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import {
  ACCOUNT_ID,
  InstallScene,
  defaultIntegration,
  failureOf,
  installAccount,
  saveKey,
  storedClaims,
} from '../install/install-scene.js';

const NEW_KEY = Secret.of(Buffer.alloc(32, 8).toString('base64'));
/** One of each column, and the second of the two webhook tokens. */
const VALUES = sealedColumns.length + 1;

const onlyOld = () => new Keyring(ENCRYPTION_KEY);
const newAndOld = () => new Keyring(NEW_KEY, [ENCRYPTION_KEY]);
const onlyNew = () => new Keyring(NEW_KEY);

/** The rotation of a process, with a shorter wait for other processes. */
function rotationOf(harness: Harness, change: { clock?: Clock; sealedValues?: SealedValueStore } = {}): KeyRotation {
  const clock: Clock = { nowMs: () => harness.clock.nowMs(), sleep: () => harness.clock.sleep(20) };
  return new KeyRotation(change.sealedValues ?? harness.get(SealedValueStore), harness.get(Keyring), change.clock ?? clock);
}

describe.each(testDatabaseKinds())('encryption keys on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let sandbox: Sandbox;
  let scene: InstallScene;
  let location: DatabaseLocation;
  let harness: Harness;

  beforeAll(async () => {
    sandbox = await startSandbox();
    scene = new InstallScene(new SandboxControl(sandbox.url));
  });

  afterAll(() => sandbox.close());

  /** Opens the service as another process with other keys. */
  const openWith = async (keyring: Keyring): Promise<Harness> =>
    await createHarness({ database: await databases.openAt(location), sandbox, keyring });

  beforeEach(async () => {
    await scene.begin();
    location = await databases.createMigrated();
    harness = await openWith(onlyOld());
    await harness.get(EncryptionKeyCheck).run();
    await harness.get(Integrations).save(defaultIntegration);
    await installAccount(harness, scene);
    await saveKey(harness);
    const formerUnisenderKey = onlyOld().encrypt('a former key', `accounts.former_unisender_key:${ACCOUNT_ID}`);
    const sealedKey = onlyOld().encrypt('a random key', 'sealed_keys.sealed:erasure');
    const database = harness.get(Database);
    await database.execute('UPDATE accounts SET former_unisender_key = ? WHERE account_id = ?', [formerUnisenderKey, ACCOUNT_ID]);
    await database.execute('INSERT INTO sealed_keys (name, sealed) VALUES (?, ?)', ['erasure', sealedKey]);
  });

  /** Returns `table.column` of every column of the database with encrypted values. */
  async function findSealed(database: Database): Promise<string[]> {
    const columns = await database.query<{ table_name: string; column_name: string }>(
      kind === 'sqlite'
        ? `SELECT t.name AS table_name, c.name AS column_name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'`
        : `SELECT table_name AS table_name, column_name AS column_name FROM information_schema.columns WHERE table_schema = database()`,
    );
    const found: string[] = [];
    for (const { table_name: table, column_name: column } of columns) {
      const rows = await database.query(`SELECT 1 FROM \`${table}\` WHERE \`${column}\` LIKE 'v1.%' LIMIT 1`);
      if (rows.length > 0) found.push(`${table}.${column}`);
    }
    return found.sort();
  }

  async function expectToDecrypt(process: Harness): Promise<void> {
    await process.get(EncryptionKeyCheck).run();
    await process.get(TokenService).refreshNow(ACCOUNT_ID);
    await process.get(VendorWebhooks).ensure(ACCOUNT_ID);
    expect(await storedClaims(process, ACCOUNT_ID)).toMatchObject({ account_id: ACCOUNT_ID });
  }

  describe('the rotation', () => {
    it('knows every column with encrypted values', async () => {
      const known = [...sealedColumns, canaryColumn].map(({ table, column }) => `${table}.${column}`).sort();
      expect(await findSealed(harness.get(Database))).toEqual(known);
    });

    it('encrypts every value with the new key once', async () => {
      const rotating = await openWith(newAndOld());
      const progress: number[] = [];
      const report = await rotationOf(rotating).run((count) => progress.push(count));
      expect(report).toEqual({ keyId: onlyNew().currentKeyId, resealed: VALUES, remaining: 0, unreadable: [], isComplete: true });
      expect(progress).toEqual([1, ...sealedColumns.slice(1).map((_, index) => index + 3)]);
      await expectToDecrypt(await openWith(onlyNew()));
      expect(await rotationOf(rotating).run()).toMatchObject({ resealed: 0, isComplete: true });
    });

    it('loses no token that is refreshed during the rotation, with either key', async () => {
      const rotating = await openWith(newAndOld());
      const reading = await openWith(new Keyring(ENCRYPTION_KEY, [NEW_KEY]));
      let isOver = false;
      const refreshing = (async () => {
        for (let round = 0; !isOver; round += 1) await (round % 2 ? reading : rotating).get(TokenService).refreshNow(ACCOUNT_ID);
      })();
      await rotationOf(rotating).run();
      isOver = true;
      await refreshing;
      expect(await rotationOf(rotating).run()).toMatchObject({ isComplete: true });
      await expectToDecrypt(await openWith(onlyNew()));
    });

    it('is incomplete while another process encrypts with the old key, and the start still needs that key', async () => {
      const rotating = await openWith(newAndOld());
      const sealAsBefore = onlyOld();
      const clock: Clock = {
        nowMs: () => rotating.clock.nowMs(),
        sleep: async () => {
          const sealed = sealAsBefore.encrypt('another key', `accounts.unisender_key:${ACCOUNT_ID}`);
          await rotating.get(AccountStore).update(ACCOUNT_ID, { unisenderKey: sealed });
        },
      };
      expect(await rotationOf(rotating, { clock }).run()).toMatchObject({ remaining: 1, isComplete: false });
      const late = await openWith(onlyNew());
      expect(await failureOf(late.get(EncryptionKeyCheck).run())).toMatchObject({ code: 'wrong_encryption_key' });
    });

    it('continues after the process was killed at any point', async () => {
      const rotating = await openWith(newAndOld());
      const sealedValues = rotating.get(SealedValueStore);
      for (let killedAfter = 1; killedAfter <= VALUES; killedAfter += 1) {
        let left = killedAfter;
        const dying = Object.assign(Object.create(sealedValues) as typeof sealedValues, {
          replace: async (...change: Parameters<typeof sealedValues.replace>) => {
            if ((left -= 1) === 0) throw new Error('killed');
            return sealedValues.replace(...change);
          },
        });
        await rotationOf(rotating, { sealedValues: dying })
          .run()
          .catch((error: Error) => expect(error.message).toBe('killed'));
        await expectToDecrypt(rotating);
      }
      await rotationOf(rotating).run();
      await expectToDecrypt(await openWith(onlyNew()));
    });

    it('reports each value that no key decrypts, and does not change it', async () => {
      const foreign = new Keyring(Secret.of(Buffer.alloc(32, 9).toString('base64')));
      const sealed = foreign.encrypt('key', `accounts.unisender_key:${ACCOUNT_ID}`);
      await harness.get(AccountStore).update(ACCOUNT_ID, { unisenderKey: sealed });
      const report = await rotationOf(await openWith(newAndOld())).run();
      expect(report).toMatchObject({ unreadable: [`accounts.unisender_key:${ACCOUNT_ID}`], isComplete: false });
      expect((await harness.get(AccountStore).find(ACCOUNT_ID))?.unisenderKey).toBe(sealed);
    });
  });

  describe('the check at the start', () => {
    it('fails with a wrong key: one line names the key that is needed', async () => {
      const failure = await failureOf((await openWith(onlyNew())).get(EncryptionKeyCheck).run());
      expect(failure.code).toBe('wrong_encryption_key');
      expect(failure.message).toContain(onlyOld().currentKeyId);
      expect(failure.message).not.toContain('\n');
      await (await openWith(newAndOld())).get(EncryptionKeyCheck).run();
    });

    it('fails with a wrong key also in a database without a canary', async () => {
      await harness.get(Database).execute('DELETE FROM key_canaries');
      expect(await failureOf((await openWith(onlyNew())).get(EncryptionKeyCheck).run())).toMatchObject({ code: 'wrong_encryption_key' });
      await harness.get(EncryptionKeyCheck).run();
      expect(await harness.get(Database).query('SELECT name FROM key_canaries')).toHaveLength(1);
    });
  });
});
