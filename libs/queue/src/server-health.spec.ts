import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from './endpoint.js';
import { ServerHealth } from './server-health.js';

const servers: Endpoint[] = [{ path: 'a' }, { path: 'b' }];

function scene() {
  let nowMs = 0;
  const health = new ServerHealth({ nowMs: () => nowMs });
  const pass = (ms: number) => (nowMs += ms);
  const first = () => health.liveFirst(servers)[0];
  const tryAndFail = () => {
    health.trying('a');
    health.failed('a');
  };
  return { health, pass, first, tryAndFail };
}

describe('ServerHealth', () => {
  it('keeps the order of servers that are well, and leaves none out', () => {
    const { health } = scene();
    expect(health.liveFirst(servers)).toEqual(servers);
    health.failed('a');
    health.failed('b');
    expect(health.liveFirst(servers)).toEqual(servers);
  });

  it('passes a server by for a second, however many calls failed together', () => {
    const { health, pass, first } = scene();
    expect([health.failed('a'), health.failed('a'), health.failed('a')]).toEqual([1_000, undefined, undefined]);
    expect(first()).toEqual({ path: 'b' });
    pass(999);
    expect(first()).toEqual({ path: 'b' });
    pass(1);
    expect(first()).toEqual({ path: 'a' });
  });

  it('lets a single caller try it then', () => {
    const { health, pass, first } = scene();
    health.failed('a');
    pass(1_000);
    health.trying('a');
    expect(first()).toEqual({ path: 'b' });
  });

  it('doubles the rest each time that one fails, up to half a minute', () => {
    const { health, pass, first, tryAndFail } = scene();
    health.failed('a');
    for (const restMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      pass(restMs - 1);
      expect(first()).toEqual({ path: 'b' });
      pass(1);
      expect(first()).toEqual({ path: 'a' });
      tryAndFail();
    }
  });

  it('forgets everything once it is well', () => {
    const { health, pass, first, tryAndFail } = scene();
    health.failed('a');
    pass(1_000);
    tryAndFail();
    health.succeeded('a');
    expect(first()).toEqual({ path: 'a' });
    health.failed('a');
    pass(1_000);
    expect(first()).toEqual({ path: 'a' });
  });
});
