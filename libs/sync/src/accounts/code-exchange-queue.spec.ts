import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '#domain';
import { CodeExchangeQueue, MAX_WAITING_EXCHANGES } from './code-exchange-queue.js';

describe('S04: exchanges of authorization codes', () => {
  let queue: CodeExchangeQueue;
  let started: string[];
  let refused: string[];
  let end: Map<string, () => void>;
  let wake: () => void;

  beforeEach(() => {
    started = [];
    refused = [];
    end = new Map();
    const sleep: Clock['sleep'] = (_ms, signal) =>
      new Promise((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    queue = new CodeExchangeQueue({ nowMs: () => 0, sleep });
  });

  /** Adds an exchange with a name that begins with its host, and returns its result. */
  const add = (name: string, isKnownHost = false): Promise<unknown> =>
    queue
      .run({ host: name.split('/')[0] ?? '', isKnownHost }, (signal) => {
        started.push(name);
        return new Promise<string>((resolve, reject) => {
          end.set(name, () => resolve(name));
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      })
      .catch((error: { code: string; retryAfterSeconds?: number }) => {
        refused.push(name);
        return { code: error.code, retryAfterSeconds: error.retryAfterSeconds };
      });

  const settle = () => new Promise((resolve) => setImmediate(resolve));

  const endAll = async () => {
    while (end.size > 0) {
      for (const [name, resolve] of end) {
        end.delete(name);
        resolve();
      }
      await settle();
    }
  };

  const busy = () => Promise.race([settle(), ...['w/1', 'w/2', 'w/3', 'w/4'].map((name) => add(name))]);

  it('run four at a time, known hosts first, then the other hosts in turn', async () => {
    await busy();
    for (const name of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'b/2']) void add(name);
    for (const name of ['known/1', 'known/2', 'other-known/1']) void add(name, true);
    await settle();
    expect(started).toEqual(['w/1', 'w/2', 'w/3', 'w/4']);
    await endAll();
    expect(started.slice(4)).toEqual(['known/1', 'other-known/1', 'known/2', 'a/1', 'b/1', 'c/1', 'a/2', 'b/2', 'a/3']);
    expect(refused).toEqual([]);
  });

  it('are refused above 50 that wait, with the time to wait', async () => {
    await busy();
    for (let index = 0; index < MAX_WAITING_EXCHANGES; index += 1) void add(`host-${index}/1`);
    expect(await add('one-more/1')).toEqual({ code: 'rate_limited', retryAfterSeconds: 50 });
  });

  it('give way in a full queue to a known host, and to a host with fewer', async () => {
    await busy();
    for (let index = 0; index < MAX_WAITING_EXCHANGES; index += 1) void add(`attacker/${index}`);
    void add('known/1', true);
    void add('small/1');
    await settle();
    expect(refused).toEqual(['attacker/49', 'attacker/48']);
    await add('attacker/50');
    expect(refused.slice(2)).toEqual(['attacker/50']);
    await endAll();
    expect(started.slice(4, 7)).toEqual(['known/1', 'attacker/0', 'small/1']);
  });

  it('that wait are refused when the process stops; those that run end first', async () => {
    await busy();
    void add('late/1');
    let isStopped = false;
    const stopped = queue.beforeApplicationShutdown().then(() => (isStopped = true));
    await settle();
    expect(refused).toEqual(['late/1']);
    expect(await add('later/1')).toMatchObject({ code: 'stopping' });
    expect(isStopped).toBe(false);
    await endAll();
    await stopped;
    expect(refused).toEqual(['late/1', 'later/1']);
  });

  it('that run too long are aborted when the process stops', async () => {
    await busy();
    const stopped = queue.beforeApplicationShutdown();
    wake();
    await stopped;
    expect(refused).toEqual(['w/1', 'w/2', 'w/3', 'w/4']);
  });
});
