import { describe, expect, it } from '@jest/globals';
import { PushRound } from './account-lease.js';

const IN_ROUND = new Set(['a@example.org', 'b@example.org']);
const otherTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A round that has planned its addresses and waits for Unisender until `respond` is called. */
async function startRound(round: PushRound, log: string[]) {
  let respond = (): void => {};
  const responded = new Promise<void>((resolve) => {
    respond = resolve;
  });
  const ended = round.run(async () => {
    round.allowOthers(IN_ROUND);
    await responded;
    log.push('round ended');
  });
  await otherTurn();
  return { respond, ended };
}

describe('a round of a push', () => {
  it('runs beside a write that changes none of its addresses', async () => {
    const [round, log] = [new PushRound(), [] as string[]];
    const { respond, ended } = await startRound(round, log);
    await round.write(new Set(['c@example.org']), async () => log.push('written'));
    respond();
    await ended;
    expect(log).toEqual(['written', 'round ended']);
  });

  it.each<[string, 'all' | ReadonlySet<string>]>([
    ['one of its addresses', new Set(['c@example.org', 'b@example.org'])],
    ['unknown addresses', 'all'],
  ])('ends before a write that changes %s', async (_what, changed) => {
    const [round, log] = [new PushRound(), [] as string[]];
    const { respond, ended } = await startRound(round, log);
    const written = round.write(changed, async () => log.push('written'));
    await otherTurn();
    respond();
    await Promise.all([ended, written]);
    expect(log).toEqual(['round ended', 'written']);
  });

  it('begins after the write that runs', async () => {
    const [round, log] = [new PushRound(), [] as string[]];
    const written = round.write(IN_ROUND, async () => {
      await otherTurn();
      log.push('written');
    });
    await round.run(async () => log.push('planned'));
    await written;
    expect(log).toEqual(['written', 'planned']);
  });

  it('lets writes wait again when it excludes all', async () => {
    const [round, log] = [new PushRound(), [] as string[]];
    let written: Promise<unknown> = Promise.resolve();
    await round.run(async () => {
      round.allowOthers(IN_ROUND);
      await round.excludeAll();
      written = round.write(new Set(['c@example.org']), async () => log.push('written'));
      await otherTurn();
      log.push('round ends');
    });
    await written;
    expect(log).toEqual(['round ends', 'written']);
  });

  it('lets writes run after it has failed', async () => {
    const round = new PushRound();
    await expect(round.run(() => Promise.reject(new Error('no response')))).rejects.toThrow('no response');
    await expect(round.write('all', async () => 'written')).resolves.toBe('written');
  });
});
