import { describe, expect, it } from '@jest/globals';
import { parseAddress } from './email-address.js';

describe('parseAddress', () => {
  it.each([
    ['a@b.co', 'a@b.co'],
    ['  Anna.Petrova+CRM@Example.COM ', 'anna.petrova+crm@example.com'],
    ["o'neil%x&y@mail.example.org", "o'neil%x&y@mail.example.org"],
    ['иван@почта.рф'.replace('иван', 'ivan'), 'ivan@почта.рф'],
    ['a@xn--80a1acny.xn--p1ai', 'a@xn--80a1acny.xn--p1ai'],
  ])('accepts %j', (raw, email) => {
    expect(parseAddress(raw)).toEqual({ email, invalidReason: null });
  });

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['444', 'no_at_sign'],
    ['a@b@c.de', 'several_at_signs'],
    ['a@x.ru, b@x.ru', 'several_at_signs'],
    ['@b.co', 'bad_local_part'],
    ['a b@c.de', 'bad_local_part'],
    ['.a@b.co', 'bad_local_part'],
    ['a..b@b.co', 'bad_local_part'],
    ['иван@b.co', 'bad_local_part'],
    [`${'a'.repeat(65)}@b.co`, 'bad_local_part'],
    ['a@', 'bad_domain'],
    ['a@-b.co', 'bad_domain'],
    ['a@b_c.co', 'bad_domain'],
    ['a@b..co', 'bad_domain'],
    ['a@1.2.3.4', 'bad_domain'],
    ['a@localhost', 'domain_without_dot'],
    [`${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}`, 'too_long'],
  ])('returns %j with the reason %s', (raw, reason) => {
    expect(parseAddress(raw).invalidReason).toBe(reason);
  });

  it('S02: does not normalise a text that is too long anyway', () => {
    const marks = '\u0301\u0316'.repeat(500_000);
    const start = process.cpuUsage();
    expect(parseAddress(`a${marks}@b.co`)).toEqual({ email: expect.any(String), invalidReason: 'too_long' });
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(1_000_000);
    expect(parseAddress(`a@${'\u1112\u1161\u11ab'.repeat(60)}.kr`).invalidReason).toBeNull();
  });

  it('cuts an address that is too long to store', () => {
    expect(parseAddress('a'.repeat(5_000)).email).toHaveLength(320);
  });
});
