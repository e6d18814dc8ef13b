import { describe, expect, it } from '@jest/globals';
import { type Clock, silentLogger } from '#domain';
import { BackgroundWork } from './background-work.js';

/** A clock whose sleep ends when the test calls `wake`. */
function manualClock() {
  let wake = () => {};
  const clock: Clock = { nowMs: () => 0, sleep: () => new Promise((resolve) => (wake = resolve)) };
  return { clock, wake: () => wake() };
}

function openPromise<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => ([resolve, reject] = [onValue, onError]));
  return { promise, resolve, reject };
}

describe('BackgroundWork', () => {
  it('returns the result that comes within the limit', async () => {
    const background = new BackgroundWork(manualClock().clock, silentLogger);
    expect(await background.waitFor(Promise.resolve(7), 100, 'work')).toBe(7);
    await expect(background.waitFor(Promise.reject(new Error('no')), 100, 'work')).rejects.toThrow('no');
  });

  it('returns undefined after the limit, and a shutdown waits for the work', async () => {
    const { clock, wake } = manualClock();
    const background = new BackgroundWork(clock, silentLogger);
    const work = openPromise<number>();
    const waiting = background.waitFor(work.promise, 100, 'work');
    wake();
    expect(await waiting).toBeUndefined();
    let isStopped = false;
    const stopping = background.onApplicationShutdown().then(() => (isStopped = true));
    await Promise.resolve();
    expect(isStopped).toBe(false);
    work.resolve(1);
    await stopping;
  });

  it('logs a failure that comes after the limit', async () => {
    const { clock, wake } = manualClock();
    const logged: string[] = [];
    const background = new BackgroundWork(clock, { ...silentLogger, warn: (message) => logged.push(message) });
    const work = openPromise<number>();
    const waiting = background.waitFor(work.promise, 100, 'an authorisation');
    wake();
    await waiting;
    work.reject(new Error('Kommo is down'));
    await background.onApplicationShutdown();
    expect(logged).toEqual(['an authorisation failed in the background']);
  });
});
