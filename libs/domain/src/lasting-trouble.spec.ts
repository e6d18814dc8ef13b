import { describe, expect, it } from '@jest/globals';
import { toAlertText } from './alert.js';
import { listLastingTrouble, type ProgressFacts } from './lasting-trouble.js';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const fine: ProgressFacts = {
  accountId: 7,
  parked: 0,
  gapAt: null,
  exportReplacements: 0,
  exportReplacedAt: 0,
  oldestChangeAt: null,
  pausedUntil: 0,
  pauseCode: null,
};

describe('listLastingTrouble', () => {
  it.each<[string, Partial<ProgressFacts>, string[]]>([
    ['nothing', {}, []],
    ['an address that is parked', { parked: 3 }, ['addresses_parked']],
    ['a gap of some minutes', { gapAt: NOW - HOUR + 1 }, []],
    ['a gap of an hour', { gapAt: NOW - HOUR }, ['gap_open']],
    ['an export that was replaced a minute ago', { exportReplacements: 1, exportReplacedAt: NOW - 60_000 }, []],
    ['an export that was replaced an hour ago', { exportReplacements: 1, exportReplacedAt: NOW - HOUR }, ['export_missing']],
    ['an export that was replaced once and is complete', { exportReplacedAt: NOW - HOUR }, []],
    ['a change of a minute ago, in a pause', { oldestChangeAt: NOW - 60_000, pausedUntil: NOW + 1, pauseCode: 'kommo_forbidden' }, []],
    ['a change of an hour ago', { oldestChangeAt: NOW - HOUR }, ['account_waits']],
    [
      'a change of an hour ago, in a pause',
      { oldestChangeAt: NOW - HOUR, pausedUntil: NOW + 1, pauseCode: 'kommo_forbidden' },
      ['account_waits'],
    ],
    ['a pause of the operator', { oldestChangeAt: NOW - HOUR, pausedUntil: NOW + 1, pauseCode: 'paused_by_operator' }, []],
  ])('finds in %s: %j', (_name, facts, kinds) => {
    expect(listLastingTrouble({ ...fine, ...facts }, NOW).map(({ kind }) => kind)).toEqual(kinds);
  });

  it('names the reason, the time and the number', () => {
    const facts = { ...fine, parked: 3, oldestChangeAt: NOW - HOUR, pausedUntil: NOW + 1, pauseCode: 'kommo_rate_limited' as const };
    const [parked, waits] = listLastingTrouble(facts, NOW);
    expect(parked && toAlertText(parked)).toContain('refuses 3 addresses of account 7');
    expect(waits?.details).toEqual({ code: 'kommo_rate_limited', since: '2027-01-15T07:00:00.000Z' });
  });
});
