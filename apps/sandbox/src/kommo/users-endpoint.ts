import { noContent } from '../http/message.js';
import type { Switches } from '../switches.js';
import type { KommoAccount, KommoUser } from './account.js';
import type { ApiHandler } from './api-request.js';
import { apiUrl } from './contact-view.js';
import { halResponse } from './problems.js';

/** `GET /api/v4/users/:id` (reference kommo 4.7). A switch makes it respond about another user, or leave `is_admin` out. */
export const showUser =
  (switches: Switches): ApiHandler =>
  ({ account, params }) => {
    const user = account.identity.users.find(({ id }) => id === Number(params.id));
    if (!user) return noContent;
    const shown = switches.get('kommo.user_response') === 'other' ? { ...account.owner, id: user.id + 1 } : user;
    return halResponse(userView(account, shown, switches.get('kommo.user_response') !== 'without_is_admin'));
  };

function userView(account: KommoAccount, { id, isAdmin, contactsView }: KommoUser, withAdminRight: boolean): Record<string, unknown> {
  const rights = { view: contactsView, edit: contactsView, add: 'A', delete: contactsView, export: contactsView };
  return {
    id,
    name: `User ${id}`,
    email: `user${id}@example.org`,
    lang: 'en',
    rights: {
      leads: rights,
      contacts: rights,
      companies: rights,
      tasks: { edit: 'A', delete: 'A' },
      mail_access: false,
      catalog_access: false,
      is_free: false,
      ...(withAdminRight && { is_admin: isAdmin }),
      is_active: true,
      group_id: null,
      role_id: null,
    },
    _links: { self: { href: apiUrl(account, `/users/${id}`) } },
  };
}
