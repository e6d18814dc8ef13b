import { describe, expect, it } from '@jest/globals';
import { readContactHook } from './contact-hook.js';

const contact = (id: unknown, more: object = {}) => ({
  id,
  name: `Contact ${String(id)}`,
  type: 'contact',
  updated_at: '1726573127',
  ...more,
});

describe('readContactHook', () => {
  it('reads the contact of a hook', () => {
    const hook = readContactHook({
      account: { subdomain: 'example', id: '32720107', _links: { self: 'https://example.amocrm.com' } },
      contacts: {
        update: [
          contact('17611273', {
            name: 'Abiba 🙂',
            last_modified: '1726573000',
            responsible_user_id: '8375357',
            tags: [{ id: '1', name: 'vip' }],
            custom_fields: [
              { id: '1', name: 'Phone', values: [{ value: '+7 1', enum: '5' }], code: 'PHONE' },
              {
                id: '2',
                name: 'Почта',
                values: [
                  { value: ' A@b.c ', enum: '1' },
                  { value: '444', enum: '2' },
                ],
                code: 'EMAIL',
              },
              { id: '3', name: 'Date', values: ['1471813200'] },
              { id: '4', name: 'Radio', values: { value: '2', enum: '566642' } },
              { id: '5', name: 'Empty', values: [] },
            ],
          }),
        ],
      },
    });
    expect(hook).toEqual({
      accountId: 32720107,
      subdomain: 'example',
      changes: [
        {
          action: 'update',
          contactId: 17611273,
          entityType: 'contact',
          snapshot: {
            contactId: 17611273,
            name: 'Abiba 🙂',
            emails: [
              { value: ' A@b.c ', kind: 1 },
              { value: '444', kind: 2 },
            ],
            modifiedAtSeconds: 1726573127,
            isDeleted: false,
            tags: ['vip'],
            responsibleUserId: 8375357,
            fields: { PHONE: '+7 1', 1: '+7 1', 3: '1471813200', 4: '2' },
          },
        },
      ],
      ignored: 0,
      unreadable: [],
    });
  });

  it('R11: reads all actions and all indices in body order, and counts ignored items', () => {
    const hook = readContactHook({
      contacts: {
        add: [contact('1'), contact('2'), contact('3')],
        update: { 0: contact('4'), 7: contact('5') },
        frobnicate: [contact('9')],
        delete: [{ id: '6', type: 'contact' }],
        note: [{ note: { element_id: '1' }, type: 'contact' }],
        restore: [contact('7')],
      },
      leads: { status: [{ id: '1' }, { id: '2' }], update: { 0: { id: '3' } } },
      unknown: 'x',
    });
    expect(hook.changes.map(({ action, contactId }) => [action, contactId])).toEqual([
      ['add', 1],
      ['add', 2],
      ['add', 3],
      ['update', 4],
      ['update', 5],
      ['delete', 6],
      ['restore', 7],
    ]);
    expect(hook.ignored).toBe(6);
    expect(hook.changes[5]).not.toHaveProperty('snapshot');
  });

  it('R18: distinguishes companies, contacts and items without a known type', () => {
    const types = readContactHook({
      contacts: { add: [contact(1, { type: 'company' }), contact(2), contact(3, { type: undefined }), contact(4, { type: 'x' })] },
    });
    expect(types.changes.map(({ entityType }) => entityType)).toEqual(['company', 'contact', undefined, undefined]);
  });

  it('reads flat keys', () => {
    const hook = readContactHook({
      'account[id]': '5',
      'contacts[add][0][id]': '12',
      'contacts[add][0][name]': 'Flat',
      'contacts[add][0][custom_fields][0][code]': 'EMAIL',
      'contacts[add][0][custom_fields][0][values][0][value]': 'a@example.org',
      'contacts[add][1][id]': '13',
    });
    expect(hook.accountId).toBe(5);
    expect(hook.changes.map(({ contactId, snapshot }) => [contactId, snapshot?.name, snapshot?.emails])).toEqual([
      [12, 'Flat', [{ value: 'a@example.org', kind: 'OTHER' }]],
      [13, '', []],
    ]);
  });

  it('reads the time from updated_at, else from last_modified, else not at all', () => {
    const times = readContactHook({
      contacts: { add: [contact(1, { updated_at: undefined, last_modified: '1456827128' }), contact(2, { updated_at: 'soon' })] },
    });
    expect(times.changes.map(({ snapshot }) => snapshot?.modifiedAtSeconds)).toEqual([1456827128, undefined]);
  });

  it('reports unreadable items and reads the others', () => {
    const hook = readContactHook({
      contacts: { add: ['x', contact('1 OR 1=1'), contact('-1'), { name: 'no id' }, contact(8)], delete: 'y' },
    });
    expect(hook.changes.map(({ contactId }) => contactId)).toEqual([8]);
    expect(hook.unreadable.map(({ action }) => action)).toEqual(['add', 'add', 'add', 'add', 'delete']);
  });

  it.each([undefined, null, 'text', 7, [], { contacts: 'x' }])('reports a body such as %p', (body) => {
    expect(readContactHook(body)).toMatchObject({ changes: [], unreadable: [expect.objectContaining({ reason: expect.any(String) })] });
  });

  it('R47: treats __proto__ as an ordinary key', () => {
    const body: unknown = JSON.parse(
      `{"__proto__":{"contacts":{"add":[{"id":1}]}},"contacts":{"__proto__":{"polluted":[1]},"constructor":{"prototype":{"x":1}},
        "update":[{"id":2,"__proto__":{"name":"evil"},"custom_fields":[{"id":"__proto__","code":"constructor","values":["v"]}]}]}}`,
    );
    const hook = readContactHook(body);
    expect(hook.changes).toHaveLength(1);
    expect(hook.changes[0]?.snapshot?.name).toBe('');
    expect(hook.changes[0]?.snapshot?.fields['polluted']).toBeUndefined();
    readContactHook({
      'contacts[__proto__][polluted]': '1',
      '__proto__[polluted]': '1',
      'contacts[constructor][prototype][polluted]': '1',
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('S02: does not let a flat key reach the prototype or the length of a list', () => {
    const hook = readContactHook({
      contacts: { add: [contact(1)] },
      'contacts[add][__proto__][polluted]': '1',
      'contacts[add][constructor][prototype][polluted]': '1',
      'contacts[add][length]': 'x',
      'contacts[add][1][id]': '2',
    });
    expect(Object.keys(Array.prototype)).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(hook.unreadable.map(({ reason }) => reason)).toEqual(['the item has no valid id']);
  });
});
