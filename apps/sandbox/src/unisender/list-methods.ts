import type { Switches } from '../switches.js';
import type { MailingList } from './account.js';
import { nothing, type Method, type MethodCall } from './method-call.js';
import { invalidArgument, MethodError } from './responses.js';

/** Methods for lists, by name. */
export function listMethods(switches: Switches): Record<string, Method> {
  const checkTitle = (call: MethodCall, title: string, own?: MailingList) => {
    const taken = [...call.account.lists.values()].some((list) => list !== own && list.title === title);
    if (taken && switches.get('unisender.duplicate_list_title') === 'error')
      throw invalidArgument(`List with title '${title}' already exists`);
  };
  return {
    getLists: ({ account }) => [...account.lists.values()].map(({ id, title }) => ({ id, title })),
    createList: (call) => {
      const title = call.requiredText('title');
      checkTitle(call, title);
      return { id: call.account.createList(title).id };
    },
    updateList: (call) => {
      const list = listOf(call);
      const title = call.text('title');
      if (title === undefined || title === '') return nothing;
      checkTitle(call, title, list);
      list.title = title;
      return nothing;
    },
    deleteList: (call) => {
      call.account.deleteList(listOf(call).id);
      return nothing;
    },
  };
}

function listOf(call: MethodCall): MailingList {
  const id = call.requiredId('list_id');
  const list = call.account.lists.get(id);
  if (!list) throw new MethodError('unspecified', `SB000000-03 [List '${id}' not found]`);
  return list;
}
