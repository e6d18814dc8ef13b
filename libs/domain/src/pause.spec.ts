import { describe, expect, it } from '@jest/globals';
import { decidePause, decideVendorPause, findPauseScope, type PauseSpan } from './pause.js';

const NOW = 1_790_000_000_000;
const MINUTE = 60_000;
const limited = { code: 'kommo_rate_limited', forMs: 5 * MINUTE } as const;
const forbidden = { code: 'kommo_forbidden', forMs: MINUTE, isGrowing: true } as const;

const endedAt = (until: number, repetitions = 1): PauseSpan => ({ since: until - MINUTE, until, repetitions });

describe('decidePause', () => {
  it.each([
    ['as long as the vendor says', undefined, limited, 5 * MINUTE, 1],
    ['as long as the vendor says, again', endedAt(NOW - 1), limited, 5 * MINUTE, 1],
    ['a minute after the first 403', undefined, forbidden, MINUTE, 1],
    ['two minutes after the second', endedAt(NOW - 1), forbidden, 2 * MINUTE, 2],
    ['eight minutes after the fourth', endedAt(NOW - 1, 3), forbidden, 8 * MINUTE, 4],
    ['15 minutes after many', endedAt(NOW - 1, 40), forbidden, 15 * MINUTE, 41],
    ['a minute after a quiet time', endedAt(NOW - 15 * MINUTE - 1, 4), forbidden, MINUTE, 1],
  ])('S03: pauses %s', (_name, previous, refusal, lengthMs, repetitions) => {
    expect(decidePause(previous, refusal, NOW)).toEqual({ since: NOW, until: NOW + lengthMs, repetitions });
  });

  it('S03: keeps the longer end of a pause that lasts, and lets none grow', () => {
    const lasting = { since: NOW - MINUTE, until: NOW + 10 * MINUTE, repetitions: 2 };
    expect(decidePause(lasting, limited, NOW)).toEqual(lasting);
    expect(decidePause(lasting, { ...limited, forMs: 12 * MINUTE }, NOW)).toEqual({ ...lasting, until: NOW + 12 * MINUTE });
    expect(decidePause(lasting, forbidden, NOW)).toBe(lasting);
  });
});

describe('decideVendorPause', () => {
  it('S03: ends at most 15 minutes after it began', () => {
    expect(decideVendorPause(undefined, NOW + 5 * MINUTE, NOW)).toEqual({ since: NOW, until: NOW + 5 * MINUTE, repetitions: 1 });
    expect(decideVendorPause(undefined, NOW + 60 * MINUTE, NOW).until).toBe(NOW + 15 * MINUTE);
    const lasting = { since: NOW - 14 * MINUTE, until: NOW + MINUTE, repetitions: 1 };
    expect(decideVendorPause(lasting, NOW + 10 * MINUTE, NOW)).toEqual({ ...lasting, until: NOW + MINUTE });
  });
});

describe('findPauseScope', () => {
  it.each([
    ['kommo', { kind: 'vendor', id: 'kommo' }],
    ['kommo:32000001', { kind: 'account', id: '32000001' }],
    ['kommo-host:acme.kommo.com', { kind: 'host', id: 'acme.kommo.com' }],
    ['unisender', { kind: 'vendor', id: 'unisender' }],
    ['unisender:0123abcd', { kind: 'key', id: '0123abcd' }],
    ['unisender-method:0123abcd:async/exportContacts', { kind: 'method', id: '0123abcd:async/exportContacts' }],
    ['kommo-exchange', undefined],
    ['unisender-export', undefined],
    ['unisender-export:0123abcd', undefined],
  ])('reads %s', (key, scope) => expect(findPauseScope(key)).toEqual(scope));
});
