import $ from 'jquery';
import type { FormValues } from './settings-form';

const checkedValues = (root: JQuery, name: string): string[] =>
  root
    .find(`input[name="contact_sync_${name}"]:checked`)
    .toArray()
    .map((input) => String($(input).val()));

const selectedValues = (root: JQuery, name: string): string[] =>
  [root.find(`select[name="contact_sync_${name}"]`).val() ?? []].flat().map(String);

const textOf = (root: JQuery, name: string): string => String(root.find(`[name="contact_sync_${name}"]`).val() ?? '').trim();

/** The chosen tags, and those that are typed. */
function readTags(root: JQuery, name: string): string[] {
  const typed = textOf(root, `${name}_other_tags`).split(',');
  return [...new Set([...selectedValues(root, `${name}_tags`), ...typed.map((tag) => tag.trim())])].filter((tag) => tag !== '');
}

function readFields(root: JQuery): Record<string, string> {
  const rows = root.find('select[data-kommo-field]').toArray();
  const entries = rows.map((select) => [String($(select).data('kommo-field')), String($(select).val() ?? '')] as const);
  return Object.fromEntries(entries.filter(([, target]) => target !== ''));
}

/** Reads the form as it is shown. */
export function readForm(root: JQuery): FormValues {
  const hasOwnList = checkedValues(root, 'list')[0] !== 'existing';
  const listId = Number(textOf(root, 'list_id'));
  return {
    list_title: hasOwnList ? textOf(root, 'list_title') || null : null,
    list_id: !hasOwnList && listId > 0 ? listId : null,
    address_kinds: checkedValues(root, 'kind'),
    fields: readFields(root),
    include_tags: readTags(root, 'include'),
    exclude_tags: readTags(root, 'exclude'),
    responsible_user_ids: selectedValues(root, 'users').map(Number),
    delete_policy: checkedValues(root, 'delete_policy')[0] ?? 'delete',
    write_back: root.find('input[name="contact_sync_write_back"]').is(':checked'),
    write_back_tag: textOf(root, 'write_back_tag'),
  };
}

/** Whether the chosen kind of list has no list. */
export const isListMissing = (root: JQuery): boolean =>
  checkedValues(root, 'list')[0] === 'existing' && !(Number(textOf(root, 'list_id')) > 0);
