import { describe, expect, it } from '@jest/globals';
import { findUser } from './kommo-user.js';

const rightsOf = (rights: unknown) => findUser({ id: 7, rights }, 7);

describe('the user of a response', () => {
  it('S05: is an administrator only when the response says so about this very user', () => {
    expect(rightsOf({ is_admin: true })?.isAdministrator).toBe(true);
    for (const isAdmin of [false, 'true', 1, null, undefined]) expect(rightsOf({ is_admin: isAdmin })?.isAdministrator).toBe(false);
    expect(findUser({ id: 8, rights: { is_admin: true } }, 7)).toBeUndefined();
    expect(findUser({ rights: { is_admin: true } }, 7)).toBeUndefined();
    expect(findUser(undefined, 7)).toBeUndefined();
  });

  it.each([
    [{ is_admin: true, contacts: { view: 'M' } }, 'administrator'],
    [{ contacts: { view: 'A' } }, 'all'],
    [{ contacts: { view: 'G' } }, 'group'],
    [{ contacts: { view: 'M' } }, 'own'],
    [{ contacts: { view: 'D' } }, 'none'],
    [{ contacts: { view: 'toString' } }, 'none'],
    [{ contacts: null }, 'none'],
    [undefined, 'none'],
  ])('S05: with the rights %j sees contacts of the scope %s', (rights, scope) => {
    expect(rightsOf(rights)?.accessScope).toBe(scope);
  });
});
