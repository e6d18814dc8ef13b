import { describe, expect, it } from '@jest/globals';
import { readEmailKinds } from './email-kinds.js';

describe('readEmailKinds', () => {
  it('reads the enums of the field with code EMAIL', () => {
    const enums = [
      { id: 1, value: 'WORK' },
      { id: '2', value: 'PRIV' },
      { id: 3, value: 'Other', code: 'OTHER' },
      { id: 4, value: 'HOME' },
    ];
    const body = {
      _embedded: {
        custom_fields: [
          { code: 'PHONE', enums: [{ id: 9, value: 'WORK' }] },
          { code: 'EMAIL', enums },
        ],
      },
    };
    expect(readEmailKinds(body)).toEqual({ '1': 'WORK', '2': 'PRIV', '3': 'OTHER' });
  });

  it.each([undefined, null, {}, { _embedded: { custom_fields: [{ code: 'EMAIL', enums: null }] } }])('finds none in %j', (body) => {
    expect(readEmailKinds(body)).toEqual({});
  });
});
