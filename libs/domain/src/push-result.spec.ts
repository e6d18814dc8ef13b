import { describe, expect, it } from '@jest/globals';
import {
  type ResponseCounts,
  explainResponse,
  fieldsToSend,
  isFinalRefusal,
  originOfFirst,
  showsValues,
  writtenAfter,
} from './push-result.js';

const counts = (over: Partial<ResponseCounts>): ResponseCounts => ({
  total: 3,
  inserted: 0,
  updated: 0,
  deleted: 0,
  invalid: 0,
  rejected: [],
  ...over,
});
const rejected = [{ index: 2, code: 'e_other' }];

describe('R71: explainResponse', () => {
  it.each<[string, ResponseCounts, number, [number, string][] | undefined]>([
    ['accepted rows', counts({ inserted: 1, updated: 2 }), 3, []],
    ['a refused row with its log', counts({ updated: 2, invalid: 1, rejected }), 3, [[2, 'e_other']]],
    ['a total that is below the rows', counts({ total: 2, updated: 3 }), 3, undefined],
    ['sums below the rows', counts({ updated: 2 }), 3, undefined],
    ['a refused row without a log', counts({ updated: 2, invalid: 1 }), 3, undefined],
    ['a log without a refused row', counts({ updated: 3, rejected }), 3, undefined],
    ['a single refused row without a log', counts({ total: 1, invalid: 1 }), 1, [[0, 'unexplained']]],
  ])('%s', (_name, response, rows, codes) => {
    expect(explainResponse(response, rows)).toEqual(codes && new Map(codes));
  });
});

describe('R60: originOfFirst', () => {
  it.each<[number, number, string]>([
    [3, 0, 'ours'],
    [0, 3, 'preexisting'],
    [2, 1, 'uncertain'],
    [3, 1, 'uncertain'],
  ])('%i inserted and %i updated of 3 rows', (inserted, updated, origin) => {
    expect(originOfFirst({ inserted, updated }, 3)).toBe(origin);
  });
});

describe('isFinalRefusal', () => {
  it.each<[string, string, boolean]>([
    ['a@b.co', 'e_address__e_syntax', true],
    ['a@b.co', 'e_other', false],
    ['info@b.co', 'e_other', true],
    ['information@b.co', 'e_other', false],
  ])('%s with %s', (email, code, isFinal) => {
    expect(isFinalRefusal(email, code)).toBe(isFinal);
  });
});

describe('R63: fields with and without a value', () => {
  it('sends an empty value only for a field in which we wrote', () => {
    expect(fieldsToSend({ Name: '', City: '', Phone: '1' }, ['City'])).toEqual(['City', 'Phone']);
  });

  it('remembers the fields in which we wrote', () => {
    expect(writtenAfter({ Name: 'A', City: '' }, ['City', 'Former'])).toEqual(['Former', 'Name']);
  });

  it('compares only values that we push', () => {
    expect(showsValues({ Name: 'A', City: '' }, [], { Name: ' A', City: 'Omsk' })).toBe(true);
    expect(showsValues({ Name: 'A' }, [], {})).toBe(false);
  });

  it('compares an empty value where we wrote one before', () => {
    expect(showsValues({ Name: '' }, ['Name'], { Name: 'A' })).toBe(false);
    expect(showsValues({ Name: '' }, ['Name'], {})).toBe(true);
  });
});
