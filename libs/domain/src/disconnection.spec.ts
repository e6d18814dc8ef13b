import { describe, expect, it } from '@jest/globals';
import { type AccessState, decideDisconnection, decideUninstall } from './disconnection.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

describe('a disconnected account', () => {
  it.each([
    { after: 'at once', forMs: 0, graceDays: 30, checkAccess: false, purge: false },
    { after: 'just before ten minutes', forMs: 10 * MINUTE_MS - 1, graceDays: 30, checkAccess: false, purge: false },
    { after: 'ten minutes', forMs: 10 * MINUTE_MS, graceDays: 30, checkAccess: true, purge: false },
    { after: 'just before the grace period', forMs: 30 * DAY_MS - 1, graceDays: 30, checkAccess: true, purge: false },
    { after: 'the grace period', forMs: 30 * DAY_MS, graceDays: 30, checkAccess: true, purge: true },
    { after: 'five minutes without a grace period', forMs: 5 * MINUTE_MS, graceDays: 0, checkAccess: false, purge: false },
    { after: 'ten minutes without a grace period', forMs: 10 * MINUTE_MS, graceDays: 0, checkAccess: true, purge: true },
  ])('after $after: access checked $checkAccess, purged $purge', ({ forMs, graceDays, checkAccess, purge }) => {
    expect(decideDisconnection(forMs, { graceDays })).toEqual({ checkAccess, purge });
  });
});

describe('an uninstall call with a valid signature', () => {
  it.each<[AccessState, number, string]>([
    ['ended', 0, 'disconnect'],
    ['ended', 10 * 60_000, 'disconnect'],
    ['accepted', 0, 'wait'],
    ['accepted', 10 * 60_000 - 1, 'wait'],
    ['accepted', 10 * 60_000, 'ignore'],
    ['unknown', 10 * 60_000 - 1, 'wait'],
    ['unknown', 10 * 60_000, 'disconnect'],
  ])('S10: with the access %s after %d ms: %s', (access, waitedMs, decision) => {
    expect(decideUninstall(access, waitedMs)).toBe(decision);
  });
});
