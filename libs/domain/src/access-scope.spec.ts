import { describe, expect, it } from '@jest/globals';
import { type AccessScope, isNarrowerScope } from './access-scope.js';

describe('the scope of a new access', () => {
  it.each<[AccessScope | null, AccessScope | null, boolean]>([
    ['administrator', 'administrator', false],
    ['all', 'administrator', true],
    ['own', 'all', true],
    ['administrator', 'own', false],
    ['all', 'group', false],
    [null, 'administrator', true],
    [null, 'own', true],
    [null, 'none', false],
    [null, null, false],
    ['own', null, false],
  ])('S05: %s after %s: narrower is %s', (next, previous, expected) => {
    expect(isNarrowerScope(next, previous)).toBe(expected);
  });
});
