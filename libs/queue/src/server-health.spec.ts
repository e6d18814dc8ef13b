import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from './endpoint.js';
import { ServerHealth } from './server-health.js';

const servers: Endpoint[] = [{ path: 'a' }, { path: 'b' }];

function openScene() {
  let nowMs = 0;
  const health = new ServerHealth({ nowMs: () => nowMs });
  const advance = (ms: number) => (nowMs += ms);
  const first = () => health.availableFirst(servers)[0];
  const tryAndFail = () => {
    health.markTried('a');
    health.markFailed('a');
  };
  return { health, advance, first, tryAndFail };
}

describe('ServerHealth', () => {
  it('keeps the order of available servers, and returns all servers when all failed', () => {
    const { health } = openScene();
    expect(health.availableFirst(servers)).toEqual(servers);
    health.markFailed('a');
    health.markFailed('b');
    expect(health.availableFirst(servers)).toEqual(servers);
  });

  it('skips a server for one second, however many calls failed together', () => {
    const { health, advance, first } = openScene();
    expect([health.markFailed('a'), health.markFailed('a'), health.markFailed('a')]).toEqual([1_000, undefined, undefined]);
    expect(first()).toEqual({ path: 'b' });
    advance(999);
    expect(first()).toEqual({ path: 'b' });
    advance(1);
    expect(first()).toEqual({ path: 'a' });
  });

  it('lets a single caller try the server after that', () => {
    const { health, advance, first } = openScene();
    health.markFailed('a');
    advance(1_000);
    health.markTried('a');
    expect(first()).toEqual({ path: 'b' });
  });

  it('doubles the time each time that caller fails, up to 30 s', () => {
    const { health, advance, first, tryAndFail } = openScene();
    health.markFailed('a');
    for (const skipMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      advance(skipMs - 1);
      expect(first()).toEqual({ path: 'b' });
      advance(1);
      expect(first()).toEqual({ path: 'a' });
      tryAndFail();
    }
  });

  it('starts again at one second after a success', () => {
    const { health, advance, first, tryAndFail } = openScene();
    health.markFailed('a');
    advance(1_000);
    tryAndFail();
    health.markSucceeded('a');
    expect(first()).toEqual({ path: 'a' });
    health.markFailed('a');
    advance(1_000);
    expect(first()).toEqual({ path: 'a' });
  });
});
