import type { AccountSettingsResponse } from '../../api/types.js';

/** The settings as texts and choices of a form. */
export interface SettingsForm {
  readonly listChoice: 'default' | 'title' | 'id';
  readonly listTitle: string;
  readonly listId: string;
  readonly deletePolicy: AccountSettingsResponse['delete_policy'];
  readonly addressKinds: readonly string[];
  readonly fields: readonly FieldMapping[];
  /** Separated by commas. */
  readonly includeTags: string;
  readonly excludeTags: string;
  readonly userIds: string;
  readonly writeBack: boolean;
  readonly writeBackTag: string;
  readonly removalLimitPercent: string;
}

/** A field of Kommo and the field of Unisender that receives its value. */
export interface FieldMapping {
  readonly kommo: string;
  readonly unisender: string;
}

const toList = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const listChoiceOf = ({ list_id: id, list_title: title }: AccountSettingsResponse): SettingsForm['listChoice'] => {
  if (id !== null) return 'id';
  return title === null ? 'default' : 'title';
};

/** Fills the form. */
export const toForm = (settings: AccountSettingsResponse): SettingsForm => ({
  listChoice: listChoiceOf(settings),
  listTitle: settings.list_title ?? '',
  listId: settings.list_id === null ? '' : String(settings.list_id),
  deletePolicy: settings.delete_policy,
  addressKinds: settings.address_kinds,
  fields: Object.entries(settings.fields).map(([kommo, unisender]) => ({ kommo, unisender })),
  includeTags: settings.include_tags.join(', '),
  excludeTags: settings.exclude_tags.join(', '),
  userIds: settings.responsible_user_ids.join(', '),
  writeBack: settings.write_back,
  writeBackTag: settings.write_back_tag,
  removalLimitPercent: settings.removal_limit_percent === null ? '' : String(settings.removal_limit_percent),
});

/** What `PATCH /accounts/:account_id/settings` takes. Null resets a setting. The service checks the values. */
function toSettings(form: SettingsForm): Record<string, unknown> {
  return {
    list_title: form.listChoice === 'title' ? form.listTitle.trim() : null,
    list_id: form.listChoice === 'id' ? form.listId.trim() : null,
    delete_policy: form.deletePolicy,
    address_kinds: form.addressKinds,
    fields: Object.fromEntries(form.fields.filter(({ kommo }) => kommo !== '').map(({ kommo, unisender }) => [kommo, unisender.trim()])),
    include_tags: toList(form.includeTags),
    exclude_tags: toList(form.excludeTags),
    responsible_user_ids: toList(form.userIds),
    write_back: form.writeBack,
    write_back_tag: form.writeBackTag.trim(),
    removal_limit_percent: form.removalLimitPercent.trim() === '' ? null : form.removalLimitPercent.trim(),
  };
}

/** Only the settings that differ from those of the account. */
export function toChange(form: SettingsForm, settings: AccountSettingsResponse): Record<string, unknown> {
  const [after, before] = [toSettings(form), toSettings(toForm(settings))];
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
}
