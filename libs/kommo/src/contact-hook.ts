import { type ContactAction, type ContactChange, isRecord, toItems, toPositiveInteger, toText, type UnknownRecord, valueAt } from '#domain';
import { readHookContact } from './contact-reader.js';
import { toNested } from './nested-body.js';

/** An item of a contact action without a valid contact in it. */
export interface UnreadableItem {
  readonly action: string;
  readonly reason: string;
}

/** The content of a hook, in body order. */
export interface ContactHook {
  readonly accountId?: number;
  readonly subdomain?: string;
  readonly changes: readonly ContactChange[];
  /** Number of items of other entities and of unknown actions. */
  readonly ignored: number;
  readonly unreadable: readonly UnreadableItem[];
}

const ACTIONS: ReadonlySet<string> = new Set<ContactAction>(['add', 'update', 'delete', 'restore']);

const isContactAction = (action: string): action is ContactAction => ACTIONS.has(action);

function readEntityType(item: UnknownRecord): ContactChange['entityType'] {
  const type = valueAt(item, 'type');
  return type === 'contact' || type === 'company' ? type : undefined;
}

function readChange(action: ContactAction, item: unknown): ContactChange | UnreadableItem {
  if (!isRecord(item)) return { action, reason: 'the item is not an object' };
  const contactId = toPositiveInteger(valueAt(item, 'id'));
  if (contactId === undefined) return { action, reason: 'the item has no valid id' };
  const change = { action, contactId, entityType: readEntityType(item) };
  return action === 'delete' ? change : { ...change, snapshot: readHookContact(item, contactId) };
}

const isUnreadable = (read: ContactChange | UnreadableItem): read is UnreadableItem => 'reason' in read;

function readContactActions(contacts: UnknownRecord): Pick<ContactHook, 'changes' | 'ignored' | 'unreadable'> {
  const changes: ContactChange[] = [];
  const unreadable: UnreadableItem[] = [];
  let ignored = 0;
  for (const [action, list] of Object.entries(contacts)) {
    const items = toItems(list);
    if (!isContactAction(action)) {
      ignored += items.length;
      continue;
    }
    for (const item of items) {
      const read = readChange(action, item);
      if (isUnreadable(read)) unreadable.push(read);
      else changes.push(read);
    }
  }
  return { changes, ignored, unreadable };
}

const countItems = (entity: unknown): number =>
  isRecord(entity) ? Object.values(entity).reduce<number>((total, list) => total + toItems(list).length, 0) : 1;

function countOthers(body: UnknownRecord): number {
  const others = Object.entries(body).filter(([entity]) => entity !== 'account' && entity !== 'contacts');
  return others.reduce((total, [, entity]) => total + countItems(entity), 0);
}

function readAccount(body: UnknownRecord): Pick<ContactHook, 'accountId' | 'subdomain'> {
  const accountId = toPositiveInteger(valueAt(body, 'account', 'id'));
  const subdomain = toText(valueAt(body, 'account', 'subdomain'));
  return { ...(accountId === undefined ? {} : { accountId }), ...(subdomain === undefined ? {} : { subdomain }) };
}

/**
 * Reads the decoded body of a hook (reference/kommo.md 5.3). The body is nested, with lists as arrays or as objects with index
 * keys, or flat with keys such as `contacts[add][0][id]`. A company is a change with that entity type. Never throws: items that
 * cannot be read are in `unreadable`.
 */
export function readContactHook(body: unknown): ContactHook {
  if (!isRecord(body)) return { changes: [], ignored: 0, unreadable: [{ action: '', reason: 'the body is not an object' }] };
  const nested = toNested(body);
  const contacts = valueAt(nested, 'contacts');
  const others = countOthers(nested);
  if (contacts === undefined) return { ...readAccount(nested), changes: [], ignored: others, unreadable: [] };
  if (!isRecord(contacts)) {
    return { ...readAccount(nested), changes: [], ignored: others, unreadable: [{ action: '', reason: 'contacts is not an object' }] };
  }
  const read = readContactActions(contacts);
  return { ...readAccount(nested), ...read, ignored: read.ignored + others };
}
