import { beforeEach, describe, expect, it } from '@jest/globals';
import { Pauses, RunService } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

describe('the log of a working service', () => {
  const { enter } = openSyncScene('sqlite');
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const linesOf = (event: string) => world.harness.logLines.filter((line) => line.includes(event));

  it('has one line for the beginning, each push and the end of a run, with counts and the duration', async () => {
    await account.create({ name: 'Anna', emails: ['anna@example.com'], hooks: false });
    await account.connect();
    const account_id = `account_id=${account.accountId}`;
    expect(linesOf('run began')).toEqual([expect.stringMatching(`^info run began run_id=.* ${account_id} mode=import trigger=widget$`)]);
    expect(linesOf('addresses pushed')).toEqual([
      `info addresses pushed ${account_id} created=1 updated=0 deleted=0 rejected=0 unchanged=0`,
    ]);
    expect(linesOf('run completed')).toEqual([
      expect.stringMatching(
        `^info run completed run_id=.* ${account_id} mode=import read=1 created=1 updated=0 deleted=0 rejected=0 unchanged=0 duration_ms=\\d+$`,
      ),
    ]);
  });

  it('has a line for a cancelled run', async () => {
    await account.connect();
    const run = await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'reconcile', trigger: 'operator' });
    await world.harness.get(RunService).cancel(run.run_id);
    expect(linesOf('run cancelled')).toEqual([expect.stringContaining(`info run cancelled run_id=${run.run_id}`)]);
  });

  it('has a line for each webhook at debug, and no personal data', async () => {
    await account.connect();
    await account.create({ name: 'Anna Karenina', emails: ['anna@example.com'] });
    await world.settle();
    expect(linesOf('Kommo webhook stored')).toEqual([
      `debug Kommo webhook stored account_id=${account.accountId} accepted=1 ignored=0 unreadable=0`,
    ]);
    expect(world.harness.logLines.join('\n')).not.toMatch(/anna|karenina/i);
  });

  it('has a line for the beginning and the end of a pause', async () => {
    const pauses = world.harness.get(Pauses);
    await pauses.pauseAccount(account.accountId, { minutes: 5 });
    await pauses.resumeAccount(account.accountId);
    expect(linesOf('pause')).toEqual([
      expect.stringMatching(`^info paused by the operator scope=account id=${account.accountId} until=`),
      `info pauses lifted scope=account id=${account.accountId} lifted=1`,
    ]);
  });
});
