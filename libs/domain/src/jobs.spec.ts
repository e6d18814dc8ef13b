import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from './errors.js';
import { type Tube, parseJobPayload } from './jobs.js';

describe('parseJobPayload', () => {
  it.each<[Tube, unknown, unknown]>([
    ['contacts', { account_id: 7 }, { account_id: 7 }],
    ['contacts', { account_id: '7', extra: 1 }, { account_id: 7 }],
    [
      'imports',
      { run_id: '0b0123f4-d123-4123-9123-e09f123456ca', account_id: 7 },
      { run_id: '0b0123f4-d123-4123-9123-e09f123456ca', account_id: 7 },
    ],
    ['accesses', { account_ids: [1, '2'] }, { account_ids: [1, 2] }],
    ['accesses', [1, 2], { account_ids: [1, 2] }],
    ['accesses', { account_ids: [1], asked_at: 1_790_000_000_000 }, { account_ids: [1], asked_at: 1_790_000_000_000 }],
    ['times', { time: '12:00' }, { time: '12:00' }],
  ])('%s accepts %j', (tube, body, payload) => {
    expect(parseJobPayload(tube, body)).toEqual(payload);
  });

  it.each<[Tube, unknown, string]>([
    ['contacts', {}, 'account_id'],
    ['contacts', null, 'account_id'],
    ['contacts', { account_id: -1 }, 'account_id'],
    ['contacts', JSON.parse('{"__proto__":{"account_id":1}}'), 'account_id'],
    ['imports', { run_id: 'x y', account_id: 7 }, 'run_id'],
    ['imports', { run_id: 'ab' }, 'account_id'],
    ['accesses', { account_ids: 5 }, 'account_ids'],
    ['accesses', [1, 'x'], 'account_ids[1]'],
    ['accesses', { account_ids: [1], asked_at: 'now' }, 'asked_at'],
    ['times', { time: 'a\nb' }, 'time'],
  ])('%s refuses %j and names %s', (tube, body, field) => {
    expect.assertions(2);
    try {
      parseJobPayload(tube, body);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInputError);
      expect((error as InvalidInputError).fields[0]?.field).toBe(field);
    }
  });
});
