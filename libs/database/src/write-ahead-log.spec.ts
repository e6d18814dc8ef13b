import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SyncedFile, WriteAheadLog } from './write-ahead-log.js';

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A log whose syncs end when the test says so. */
function openLog(rewrite: () => Promise<boolean> = async () => true) {
  const syncs: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const syncLog = async (): Promise<void> =>
    new Promise((resolve, reject) => {
      syncs.push({ resolve, reject });
    });
  return { syncs, log: new WriteAheadLog(syncLog, rewrite) };
}

/** Which of the promises are settled. */
function watch(promises: readonly Promise<void>[]): string[] {
  const outcomes = promises.map(() => 'waits');
  promises.forEach((promise, index) => {
    promise.then(
      () => (outcomes[index] = 'done'),
      () => (outcomes[index] = 'failed'),
    );
  });
  return outcomes;
}

describe('WriteAheadLog', () => {
  it('lets calls share a sync, but never one that began before them', async () => {
    const { syncs, log } = openLog();
    const first = [log.sync(), log.sync()];
    await turn();
    const later = [log.sync(), log.sync()];
    const outcomes = watch([...first, ...later]);
    await turn();
    expect(syncs).toHaveLength(1);
    syncs[0]?.resolve();
    await turn();
    expect(outcomes).toEqual(['done', 'done', 'waits', 'waits']);
    expect(syncs).toHaveLength(2);
    syncs[1]?.resolve();
    await turn();
    expect(outcomes).toEqual(['done', 'done', 'done', 'done']);
  });

  it('rewrites the log after a failed sync, before another one succeeds', async () => {
    let rewritten = 0;
    const results = [false, true];
    const { syncs, log } = openLog(async () => results[rewritten++] ?? true);
    const outcomes = watch([log.sync()]);
    await turn();
    const waiting = watch([log.sync()]);
    syncs[0]?.reject(new Error('EIO'));
    await turn();
    expect([...outcomes, ...waiting]).toEqual(['failed', 'failed']);
    const third = log.sync();
    await turn();
    syncs[1]?.resolve();
    await third;
    expect({ rewritten, syncs: syncs.length }).toEqual({ rewritten: 2, syncs: 2 });
    const fourth = log.sync();
    await turn();
    syncs[2]?.resolve();
    await fourth;
    expect(rewritten).toBe(2);
  });
});

describe('SyncedFile', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synced-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is opened without a file, fails without one, and is synced when there is one', async () => {
    const path = join(folder, 'log');
    const file = new SyncedFile(path);
    await file.open();
    await expect(file.sync()).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(path, 'content');
    await file.sync();
    await Promise.all([file.sync(), file.close()]);
    await file.close();
  });
});
