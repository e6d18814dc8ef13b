import { describe, expect, it } from '@jest/globals';
import { BugError, Secret } from '#domain';
import { mask } from './mask.js';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(mask(value)));

describe('mask', () => {
  it.each([
    'secret',
    'client_secret',
    'integrations_secret_key',
    'token',
    'accessToken',
    'refresh_token',
    'X-Auth-Token',
    'unisender_key',
    'api_key',
    'apiKey',
    'apikey',
    'Authorization',
    'password',
    'auth',
    'code',
    'cookie',
    'signature',
  ])('hides the value of a field named %s', (name) => {
    expect(plain({ [name]: 'planted', deeper: [{ [name]: { inside: 'planted' } }] })).toEqual({
      [name]: '***',
      deeper: [{ [name]: '***' }],
    });
  });

  it.each(['a.b', 'x7planted', 'Planted', { inside: 'planted' }])('hides %j in a field named state: it may be an OAuth state', (value) => {
    expect(plain({ state: value })).toEqual({ state: '***' });
  });

  it.each([
    { code: 200 },
    { code: 'kommo_rate_limited' },
    { code: 'ECONNREFUSED' },
    { state: 'running' },
    { state: 'waiting_for_confirmation' },
    { state: 'reserved' },
    { state: 'run' },
    { code: 'CONNECT_TIMEOUT' },
    { code: 'DEADLINE' },
    { code: 'stopping' },
    { code: 'suspended' },
    { code: 'e_address__e_syntax' },
    { token_expires_at: 1_790_000_000 },
    { key_id: '0a1b2c3d' },
    { monkey: 'chimp', keyboard: 'qwerty', author: 'Ann' },
    { api_key: null },
  ])('shows %j', (value) => {
    expect(plain(value)).toEqual(value);
  });

  it('hides secrets, e-mail addresses and tokens at every depth', () => {
    const value = {
      list: [Secret.of('planted'), 'ivan@example.com'],
      map: new Map([['password', 'planted']]),
      set: new Set(['Bearer planted']),
    };
    expect(plain(value)).toEqual({ list: ['***', 'i***@e***.com'], map: { password: '***' }, set: ['Bearer ***'] });
  });

  it('hides e-mail addresses in field names', () => {
    expect(plain({ 'ivan@example.com': 1 })).toEqual({ 'i***@e***.com': 1 });
  });

  it('shows an error with its cause, without its other properties', () => {
    const cause = Object.assign(new Error('getLists?api_key=planted failed'), {
      config: { headers: { 'X-Whatever': 'planted' } },
      code: 'ECONNRESET',
    });
    const masked = mask({ error: new BugError('no row for ivan@example.com', { code: 'access_missing', cause }) });
    expect(JSON.stringify(masked)).not.toMatch(/planted|ivan@/);
    expect(plain(masked)).toMatchObject({
      error: {
        name: 'BugError',
        message: 'no row for i***@e***.com',
        code: 'access_missing',
        stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
        cause: { name: 'Error', message: 'getLists?api_key=*** failed', code: 'ECONNRESET' },
      },
    });
  });

  it('shows the errors inside an aggregate error', () => {
    expect(plain(new AggregateError([new Error('one'), new Error('two')], 'both'))).toMatchObject({
      errors: [{ message: 'one' }, { message: 'two' }],
    });
  });

  it('cuts cycles', () => {
    const value: Record<string, unknown> = { name: 'a' };
    value['self'] = value;
    const error = new Error('e');
    error.cause = error;
    expect(plain({ value, error })).toMatchObject({ value: { name: 'a', self: '[circular]' }, error: { cause: '[circular]' } });
  });

  it('shows an object twice when it is repeated without a cycle', () => {
    const shared = { a: 1 };
    expect(plain([shared, shared])).toEqual([shared, shared]);
  });

  it('limits depth, width and size', () => {
    const nested = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ inner }), 'end');
    const wide = Array.from({ length: 60 }, (_, index) => index);
    const huge = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => 'x'.repeat(3_000)));
    expect(JSON.stringify(mask(nested))).toContain('[deeper]');
    expect(plain(wide)).toEqual([...wide.slice(0, 50), '… (10 more)']);
    expect(JSON.stringify(mask(huge)).length).toBeLessThan(30_000);
    expect(JSON.stringify(mask(Object.fromEntries(wide.map((item) => [`k${item}`, item]))))).toContain('10 more');
  });

  it('shows values that JSON does not support', () => {
    const value = {
      big: 12n,
      nan: Number.NaN,
      date: new Date(0),
      bytes: Buffer.from('planted'),
      url: new URL('https://x.kommo.com/?code=planted'),
      none: undefined,
      call: () => 1,
    };
    expect(plain(value)).toEqual({
      big: '12',
      nan: 'NaN',
      date: '1970-01-01T00:00:00.000Z',
      bytes: '[7 bytes]',
      url: 'https://x.kommo.com/?code=***',
      call: '[function]',
    });
  });

  it('does not throw when reading an object throws', () => {
    const trap = {
      get bad(): never {
        throw new Error('planted');
      },
    };
    const proxy = new Proxy({}, { ownKeys: () => { throw new Error('planted'); } }); // prettier-ignore
    expect(plain([trap, proxy])).toEqual(['[unreadable]', '[unreadable]']);
  });

  it('treats __proto__ as an ordinary key', () => {
    const masked = mask(JSON.parse('{"__proto__":{"polluted":1},"constructor":"x"}'));
    expect(JSON.stringify(masked)).toBe('{"__proto__":{"polluted":1},"constructor":"x"}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
