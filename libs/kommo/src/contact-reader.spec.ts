import { describe, expect, it } from '@jest/globals';
import { findApiContact } from './contact-reader.js';

const field = (id: number, code: string | null, ...values: unknown[]) => ({
  field_id: id,
  field_code: code,
  values: values.map((value) => ({ value, enum_id: 1, enum_code: 'WORK' })),
});

describe('findApiContact', () => {
  it('R07: finds all e-mail addresses by their field code, in order', () => {
    const snapshot = findApiContact({
      id: 406322,
      name: 'Sam',
      updated_at: 1686670710,
      responsible_user_id: 8375357,
      is_deleted: false,
      custom_fields_values: [
        field(1, 'PHONE', '19651796212'),
        field(2, 'EMAIL', 'first@example.org', 'second@example.org', 'last@example.org'),
        field(3, null, 42),
        field(4, null, true),
        field(5, null, { legal: 'object' }),
      ],
      _embedded: { tags: [{ id: 1, name: 'vip' }], companies: [] },
    });
    expect(snapshot).toEqual({
      contactId: 406322,
      name: 'Sam',
      emails: ['first@example.org', 'second@example.org', 'last@example.org'].map((value) => ({ value, kind: 1 })),
      modifiedAtSeconds: 1686670710,
      isDeleted: false,
      tags: ['vip'],
      responsibleUserId: 8375357,
      fields: { PHONE: '19651796212', 1: '19651796212', 3: '42', 4: '1' },
    });
  });

  it('R07: reads a contact without fields and without a name', () => {
    expect(findApiContact({ id: 1, name: null, custom_fields_values: null })).toEqual({
      contactId: 1,
      name: '',
      emails: [],
      modifiedAtSeconds: undefined,
      isDeleted: false,
      tags: [],
      responsibleUserId: 0,
      fields: {},
    });
  });

  it.each([
    [{ enum_id: 126290, enum_code: 'WORK' }, 126290],
    [{ enum_code: 'PRIV' }, 'PRIV'],
    [{ enum: 'OTHER' }, 'OTHER'],
    [{ enum_code: 'HOME' }, 'OTHER'],
    [{}, 'OTHER'],
  ])('reads the kind of an address from %j', (enums, kind) => {
    const values = [{ value: 'a@example.org', ...enums }];
    const contact = findApiContact({ id: 1, custom_fields_values: [{ field_code: 'EMAIL', values }] });
    expect(contact?.emails).toEqual([{ value: 'a@example.org', kind }]);
  });

  it.each([{ is_deleted: true }, { is_unsorted: true }])('reads %p as deleted', (flags) => {
    expect(findApiContact({ id: 1, ...flags })?.isDeleted).toBe(true);
  });

  it.each([null, 'x', {}, { id: 0 }, [{ id: 1 }]])('finds no contact in %p', (value) => {
    expect(findApiContact(value)).toBeUndefined();
  });
});
