import { describe, expect, it } from '@jest/globals';
import { parseFlags, UsageError } from './flags.js';

describe('parseFlags', () => {
  it("returns beanstalkd's defaults without flags", () => {
    expect(parseFlags([])).toEqual({
      kind: 'serve',
      isVerbose: false,
      options: {
        listen: { host: '0.0.0.0', port: 11_300 },
        binlogDir: undefined,
        fsyncMs: 50,
        maxJobBytes: 65_535,
        segmentBytes: 10_485_760,
      },
    });
  });

  it('reads every flag, with its value attached or separate', () => {
    expect(parseFlags(['-l', '127.0.0.1', '-p12', '-b', 'logs', '-f0', '-s', '4096', '-z9', '-V'])).toEqual({
      kind: 'serve',
      isVerbose: true,
      options: { listen: { host: '127.0.0.1', port: 12 }, binlogDir: 'logs', fsyncMs: 0, maxJobBytes: 9, segmentBytes: 4_096 },
    });
  });

  it('reads the flags for a unix socket and for a log that is never synced', () => {
    expect(parseFlags(['-l', 'unix:/run/q.sock', '-F'])).toMatchObject({ options: { listen: { path: '/run/q.sock' }, fsyncMs: -1 } });
  });

  it('reduces -z to the largest allowed value', () => {
    expect(parseFlags(['-z', '99999999999'])).toMatchObject({ options: { maxJobBytes: 1_073_741_824 } });
  });

  it.each([['-x'], ['-p', 'abc'], ['-p'], ['-f', '-1'], ['stray']])('rejects %s', (...words) => {
    expect(() => parseFlags(words)).toThrow(UsageError);
  });

  it.each([
    [['-h'], 'help'],
    [['-v'], 'version'],
  ])('recognizes %s as a request for %s', (words, kind) => {
    expect(parseFlags(words).kind).toBe(kind);
  });
});
