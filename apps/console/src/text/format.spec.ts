import { describe, expect, it } from '@jest/globals';
import { formatAgo, formatBytes, formatCode, formatSeconds, formatUntil } from './format.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');

describe('formatAgo', () => {
  it.each([
    [null, 'never'],
    ['2026-01-02T03:04:00Z', '5 seconds ago'],
    ['2026-01-02T02:59:05Z', '5 minutes ago'],
    ['2026-01-02T06:04:05Z', 'in 3 hours'],
    ['2025-12-30T03:04:05Z', '3 days ago'],
  ])('formats %s as "%s"', (iso, expected) => {
    expect(formatAgo(iso, NOW)).toBe(expected);
  });
});

describe('formatSeconds', () => {
  it.each([
    [5, '5 s'],
    [90, '2 min'],
    [12_000, '3 h 20 min'],
    [7_200, '2 h'],
    [200_000, '2 d'],
  ])('formats %i seconds as "%s"', (seconds, expected) => {
    expect(formatSeconds(seconds)).toBe(expected);
  });
});

describe('other formats', () => {
  it('names a pause without an end', () => {
    expect(formatUntil('9999-12-31T23:59:59.000Z')).toBe('until it is lifted');
  });

  it('formats bytes and codes', () => {
    expect([formatBytes(0), formatBytes(1_536), formatBytes(5 * 2 ** 30)]).toEqual(['0 B', '1.5 KB', '5 GB']);
    expect(formatCode('vendor_paused')).toBe('Vendor paused');
  });
});
