import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { DuplicateKeyError } from '#database';
import type { Database, DatabaseOptions } from '#database';
import { BugError, TransientError } from '#domain';
import { RateSlotEntity } from '../../../libs/database/src/entities/rate-slot.entity.js';
import { upsertAlike, upsertRows } from '../../../libs/database/src/entity-sql.js';
import { holdSqliteLock } from '../../support/sqlite-lock-holder.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const INSERT = 'INSERT INTO rate_slots (slot_key, next_at) VALUES (?, ?)';
const pauseMs = (ms: number) => systemClock.sleep(ms);
const insert = (on: Database, key: string, nextAt = 0) => on.execute(INSERT, [key, nextAt]);
const keysOf = async (on: Database): Promise<string[]> => {
  const rows = await on.query<{ slot_key: string }>('SELECT slot_key FROM rate_slots ORDER BY slot_key');
  return rows.map((row) => row.slot_key);
};
const nextAtOf = async (on: Database, key: string): Promise<number> => {
  const [row] = await on.query<{ next_at: number }>('SELECT next_at FROM rate_slots WHERE slot_key = ?', [key]);
  return row?.next_at ?? Number.NaN;
};

describe.each(testDatabaseKinds())('transactions on %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('commit or roll back as a whole among 200 concurrent transactions and plain writes', async () => {
    const database = await databases.open();
    const expected: string[] = [];
    const expectRow = (key: string): string => (expected.push(key), key);
    const committed = (n: number) =>
      database.transaction(async () => {
        await insert(database, expectRow(`committed-${n}-a`));
        await pauseMs(n % 3);
        await insert(database, expectRow(`committed-${n}-b`));
      });
    const undone = (n: number) =>
      expect(
        database.transaction(async () => {
          await insert(database, `undone-${n}`);
          await pauseMs(n % 2);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
    const plain = (n: number) => insert(database, expectRow(`plain-${n}`));
    const nested = (n: number) => database.transaction(() => database.transaction(() => insert(database, expectRow(`nested-${n}`))));
    const fours = Array.from({ length: 50 }, (_, n) => [committed(n), undone(n), plain(n), nested(n)]);
    await Promise.all<unknown>(fours.flat());
    expect(await keysOf(database)).toEqual(expected.toSorted());
  });

  it('lose no update of many concurrent reads and writes over several connections', async () => {
    const location = await databases.createMigrated();
    const processes = await Promise.all([1, 2, 3].map(() => databases.openAt(location)));
    const [first] = processes;
    await insert(first as Database, 'counter');
    const addOne = (database: Database) =>
      database.transaction(async () => {
        const lock = database.kind === 'mysql' ? ' FOR UPDATE' : '';
        const [row] = await database.query<{ next_at: number }>(`SELECT next_at FROM rate_slots WHERE slot_key = 'counter'${lock}`);
        await database.execute("UPDATE rate_slots SET next_at = ? WHERE slot_key = 'counter'", [(row?.next_at ?? 0) + 1]);
      });
    await Promise.all(processes.flatMap((database) => Array.from({ length: 20 }, () => addOne(database))));
    expect(await nextAtOf(first as Database, 'counter')).toBe(60);
  });

  it('include the statements that are made inside', async () => {
    const database = await databases.open();
    const attempt = database.transaction(async () => {
      await insert(database, 'inside');
      throw new Error('no');
    });
    await expect(attempt).rejects.toThrow('no');
    expect(await keysOf(database)).toEqual([]);
  });

  it('continue after a refused statement', async () => {
    const database = await databases.open();
    await database.transaction(async () => {
      await insert(database, 'twice');
      await expect(insert(database, 'twice')).rejects.toBeInstanceOf(DuplicateKeyError);
      await insert(database, 'after');
    });
    expect(await keysOf(database)).toEqual(['after', 'twice']);
  });

  it('contain every row of an upsert, or none when one is refused', async () => {
    const database = await databases.open();
    const rows = [
      { key: 'good', nextAt: 1 },
      { key: 'bad', nextAt: null },
    ] as { key: string; nextAt: number }[];
    const upsert = () => upsertRows(database, { entity: RateSlotEntity, key: ['key'], update: { nextAt: 'incoming' }, rows });
    await expect(upsert()).rejects.toBeInstanceOf(BugError);
    await database.transaction(async () => {
      await insert(database, 'before');
      await expect(upsert()).rejects.toBeInstanceOf(BugError);
      await insert(database, 'after');
    });
    expect(await keysOf(database)).toEqual(['after', 'before']);
  });

  it('keep every character of rows that are alike', async () => {
    const database = await databases.open();
    const keys = ['"quoted\\"', 'пример@пример.рф', '🙂\t\u0001', '__proto__', "o'neill", '0'];
    const values = new Map(keys.map((key) => [key, null]));
    const upsert = (nextAt: number) =>
      upsertAlike(database, {
        entity: RateSlotEntity,
        key: ['key'],
        update: { nextAt: 'incoming' },
        common: { nextAt },
        differing: ['key'],
        values,
      });
    await upsert(1);
    await upsert(2);
    expect(await keysOf(database)).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    expect(await Promise.all(keys.map((key) => nextAtOf(database, key)))).toEqual(keys.map(() => 2));
  });

  if (kind === 'sqlite') {
    /** A disk that takes everything only when the test says so. */
    const openSlowDisk = () => {
      const syncs: (() => void)[] = [];
      let isReleased = false;
      const syncLog = async (): Promise<void> => {
        if (!isReleased) await new Promise<void>((resolve) => syncs.push(resolve));
      };
      const release = () => {
        isReleased = true;
        for (const resolve of syncs) resolve();
      };
      return { syncs, syncLog, release };
    };

    it('wait for the disk without blocking other work, unless they may be durable later', async () => {
      const { syncs, syncLog, release } = openSlowDisk();
      const database = await databases.open({ syncLog });
      await database.transaction(() => insert(database, 'later'), { durable: 'later' });
      expect(syncs).toHaveLength(0);
      let isDone = false;
      const now = database
        .transaction(() => insert(database, 'now'))
        .then(() => {
          isDone = true;
        });
      await database.transaction(() => insert(database, 'meanwhile'), { durable: 'later' });
      await pauseMs(0);
      expect({ isDone, syncs: syncs.length, keys: await keysOf(database) }).toEqual({
        isDone: false,
        syncs: 1,
        keys: ['later', 'meanwhile', 'now'],
      });
      release();
      await now;
    });

    it('fail when the log does not reach the disk', async () => {
      const database = await databases.open({ syncLog: async () => Promise.reject(new Error('EIO')) });
      await expect(database.transaction(() => insert(database, 'key'))).rejects.toMatchObject({ code: 'database_unavailable' });
      await expect(database.transaction(() => insert(database, 'later'), { durable: 'later' })).resolves.toBeDefined();
    });

    it('are not the only ones that wait: so do single statements that write', async () => {
      const { syncLog, release } = openSlowDisk();
      const database = await databases.open({ syncLog });
      const done: string[] = [];
      const note = (work: string) => () => done.push(work);
      const writes = [
        database.execute(INSERT, ['execute', 0]).then(note('execute')),
        database.executeEach(INSERT, [['each', 0]]).then(note('each')),
        database.query(`${INSERT} RETURNING slot_key`, ['returning', 0]).then(note('returning')),
      ];
      await database.query(`SELECT ${database.nowSql}`).then(note('read'));
      await pauseMs(0);
      expect({ done, keys: await keysOf(database) }).toEqual({ done: ['read'], keys: ['each', 'execute', 'returning'] });
      release();
      await Promise.all(writes);
      expect(done.toSorted()).toEqual(['each', 'execute', 'read', 'returning']);
    });

    it('end before the database is closed, with their syncs', async () => {
      const database = await databases.open({ syncLog: () => pauseMs(20) });
      const writes = ['one', 'two', 'three'].map((key) => insert(database, key));
      await database.close();
      expect(await Promise.allSettled(writes)).toMatchObject(writes.map(() => ({ status: 'fulfilled' })));
    });

    it('bring the log to the disk that is beside the file of a symbolic link', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'link-'));
      await mkdir(join(folder, 'data'));
      const path = join(folder, 'link.sqlite');
      await symlink(join(folder, 'data', 'file.sqlite'), path);
      const synced: string[] = [];
      const open = (options: Partial<DatabaseOptions> = {}) => databases.openAt({ kind: 'sqlite', path }, options);
      const database = await open();
      await database.migrate();
      await insert(database, 'key');
      const other = await open({ syncLog: async (log) => void synced.push(log) });
      await insert(other, 'other');
      expect(synced).toEqual([await realpath(join(folder, 'data', 'file.sqlite-wal'))]);
      await database.close();
      await other.close();
      await rm(folder, { recursive: true });
    });

    it('empty the log although an earlier sync of it has failed', async () => {
      let failures = 1;
      const database = await databases.open({
        syncLog: async () => {
          failures -= 1;
          if (failures >= 0) throw new Error('EIO');
        },
      });
      await expect(database.execute(INSERT, ['first', 0])).rejects.toMatchObject({ code: 'database_unavailable' });
      await database.execute(INSERT, ['second', 0]);
      expect(await keysOf(database)).toEqual(['first', 'second']);
    });
  }

  it('cannot be used after their end', async () => {
    const database = await databases.open();
    const leaked = await database.transaction(() => database.run(async (session) => session));
    await expect(leaked.execute(INSERT, ['late', 0])).rejects.toMatchObject({ code: 'database_transaction_ended' });
  });

  it("include statements of TypeORM's manager, and roll them back with the rest", async () => {
    const database = await databases.open();
    const byManager = (key: string) => database.run(({ manager }) => manager.query(INSERT, [key, 0]));
    await byManager('alone');
    const attempt = database.transaction(async () => {
      await byManager('inside');
      expect(await keysOf(database)).toEqual(['alone', 'inside']);
      throw new Error('no');
    });
    await expect(attempt).rejects.toThrow('no');
    expect(await keysOf(database)).toEqual(['alone']);
  });

  it('are known to TypeORM, so that it begins none of its own inside', async () => {
    const database = await databases.open();
    const isActive = () => database.run(async ({ manager }) => manager.queryRunner?.isTransactionActive);
    expect(await isActive()).toBe(false);
    expect(await database.transaction(isActive)).toBe(true);
    await expect(database.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await isActive()).toBe(false);
  });

  it('cannot begin inside `run`, where statements join its connection', async () => {
    const database = await databases.open();
    const misplaced = database.run(() => database.transaction(() => insert(database, 'never')));
    await expect(misplaced).rejects.toMatchObject({ code: 'database_transaction_misplaced' });
    await database.run(() => insert(database, 'joined'));
    expect(await keysOf(database)).toEqual(['joined']);
  });

  it('throw the errors of their work unchanged', async () => {
    const database = await databases.open();
    const foreign = Object.assign(new Error('a vendor'), { code: 'ECONNREFUSED' });
    await expect(database.transaction(() => Promise.reject(foreign))).rejects.toBe(foreign);
  });
});

describe.each(testDatabaseKinds())('statements on %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('throw a BugError that contains no value when they are wrong', async () => {
    const database = await databases.open();
    const error: unknown = await database.execute('INSERT INTO nowhere VALUES (?)', ['secret-value']).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BugError);
    expect(error).toMatchObject({ code: 'database_statement_refused' });
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('secret-value');
  });

  it('are refused when they bind an object', async () => {
    const database = await databases.open();
    const object = { slot_key: '' } as unknown as string;
    await expect(database.query('SELECT * FROM rate_slots WHERE slot_key = ?', [object])).rejects.toMatchObject({
      code: 'database_value_not_bindable',
    });
    const byManager = database.run(({ manager }) => manager.query('SELECT * FROM rate_slots WHERE slot_key = ?', [object]));
    await expect(byManager).rejects.toMatchObject({ code: 'database_value_not_bindable' });
  });

  it('give numbers for big integers, counts and sums', async () => {
    const database = await databases.open();
    await insert(database, 'a', Number.MAX_SAFE_INTEGER);
    await insert(database, 'b', 1_790_000_000_000);
    expect(await nextAtOf(database, 'a')).toBe(Number.MAX_SAFE_INTEGER);
    const [row] = await database.query('SELECT COUNT(*) AS total, SUM(next_at > 0) AS filled FROM rate_slots');
    expect(row).toEqual({ total: 2, filled: 2 });
  });

  it('return how many rows they matched, changed or not', async () => {
    const database = await databases.open();
    await insert(database, 'a', 5);
    expect(await database.execute('UPDATE rate_slots SET next_at = 5')).toBe(1);
    expect(await database.execute("DELETE FROM rate_slots WHERE slot_key = 'b'")).toBe(0);
  });

  it('compare text byte by byte and keep every character', async () => {
    const database = await databases.open();
    const texts = ['a@x', 'A@x', 'é', 'e', 'ß', 'ss', '😀', '😁', "o'\\x", 'e\u0301'];
    for (const text of texts) {
      await insert(database, text);
    }
    for (const text of texts) {
      expect(await database.query('SELECT slot_key FROM rate_slots WHERE slot_key = ?', [text])).toEqual([{ slot_key: text }]);
    }
    const [row] = await database.query<{ equal: number }>("SELECT 'a' = 'A' AS equal");
    expect(row?.equal).toBe(0);
  });
});

describe('a database that cannot be reached', () => {
  it('is a transient error', async () => {
    const { Database } = await import('#database');
    const { Secret } = await import('#domain');
    const nowhere = { kind: 'mysql', host: '127.0.0.1', port: 1, user: 'u', password: Secret.of('p'), database: 'd' } as const;
    const error: unknown = await Database.open(nowhere, { clock: systemClock }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ code: 'database_unavailable' });
  });
});

describe.each(testDatabaseKinds().filter((kind) => kind === 'mysql'))('sessions of %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('have UTC: a local clock repeats an hour when summer time ends', async () => {
    const database = await databases.open();
    expect(await database.query('SELECT @@SESSION.time_zone AS zone')).toEqual([{ zone: '+00:00' }]);
  });
});

describe.each(testDatabaseKinds().filter((kind) => kind === 'mysql'))('a lost connection to %s', (kind) => {
  const databases = openTestDatabases(kind);
  const killAll = async (database: Database): Promise<void> => {
    const [schema] = await database.query<{ name: string }>('SELECT database() AS name');
    const threads = await databases.server()?.query(`SELECT id FROM information_schema.processlist WHERE db = '${schema?.name}'`);
    for (const thread of threads ?? []) {
      await databases.server()?.query(`KILL ${Number(thread['id'])}`);
    }
  };

  it('rolls the transaction back with a transient error, and the next one gets a new connection', async () => {
    const database = await databases.open();
    const attempt = database.transaction(async () => {
      await insert(database, 'lost');
      await killAll(database);
      await insert(database, 'never');
    });
    await expect(attempt).rejects.toMatchObject({ code: 'database_unavailable' });
    await database.transaction(() => insert(database, 'found'));
    expect(await keysOf(database)).toEqual(['found']);
  });

  it('runs the loser of a deadlock again', async () => {
    const database = await databases.open();
    await insert(database, 'a');
    await insert(database, 'b');
    const update = (key: string) => database.execute('UPDATE rate_slots SET next_at = next_at + 1 WHERE slot_key = ?', [key]);
    let attempts = 0;
    const cross = (one: string, other: string) =>
      database.transaction(async () => {
        attempts += 1;
        await update(one);
        await pauseMs(50);
        await update(other);
      });
    await Promise.all([cross('a', 'b'), cross('b', 'a')]);
    expect(attempts).toBeGreaterThan(2);
    expect(await nextAtOf(database, 'a')).toBe(2);
    expect(await nextAtOf(database, 'b')).toBe(2);
  });
});

describe('a lock that another process holds on an SQLite file', () => {
  const databases = openTestDatabases('sqlite');

  it('R79: makes a write fail after ten seconds of sleeps; a read succeeds meanwhile', async () => {
    let sleptMs = 0;
    const clock = { nowMs: () => 0, sleep: async (ms: number) => void (sleptMs += ms) };
    const location = await databases.createMigrated();
    const database = await databases.openAt(location, { clock });
    const release = await holdSqliteLock(location.kind === 'sqlite' ? location.path : '');
    expect(await keysOf(database)).toEqual([]);
    await expect(insert(database, 'late')).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(sleptMs).toBeGreaterThan(9_000);
    expect(sleptMs).toBeLessThan(11_000);
    await release();
    await insert(database, 'next');
    expect(await keysOf(database)).toEqual(['next']);
  });
});
