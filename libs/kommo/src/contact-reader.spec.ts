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
      emails: ['first@example.org', 'second@example.org', 'last@example.org'],
      modifiedAtSeconds: 1686670710,
      isDeleted: false,
      tags: ['vip'],
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
      fields: {},
    });
  });

  it.each([{ is_deleted: true }, { is_unsorted: true }])('reads %p as deleted', (flags) => {
    expect(findApiContact({ id: 1, ...flags })?.isDeleted).toBe(true);
  });

  it.each([null, 'x', {}, { id: 0 }, [{ id: 1 }]])('finds no contact in %p', (value) => {
    expect(findApiContact(value)).toBeUndefined();
  });
});
