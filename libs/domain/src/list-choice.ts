/** A list in Unisender. */
export interface NamedList {
  readonly id: number;
  readonly title: string;
}

/** The settings that choose a list. */
export interface ListSetting {
  readonly listTitle?: string | undefined;
  readonly listId?: number | undefined;
}

/** What decides on the list of an account. */
export interface ListRequest {
  readonly accountId: number;
  readonly setting: ListSetting;
  /** The list that the account has used so far, and the setting that chose it (`listSettingOf`). */
  readonly known: { readonly id: number | null; readonly title: string | null; readonly setting: string };
}

/** The list to use. `id` is undefined when the list must be created. */
export interface ListChoice {
  readonly id: number | undefined;
  readonly title: string;
}

/** The setting as a text, to notice another one. */
export function listSettingOf({ listTitle, listId }: ListSetting): string {
  if (listId !== undefined) return `id:${listId}`;
  return listTitle === undefined ? '' : `title:${listTitle}`;
}

/**
 * Chooses the known list while it exists and the setting is the same: renaming it in Unisender moves nothing. Chooses else the list of
 * the setting, by its id or by exactly its title, else a new one. A list that was deleted in Unisender gets its last title again.
 */
export function chooseList(lists: readonly NamedList[], { accountId, setting, known }: ListRequest): ListChoice {
  const isSameSetting = known.id !== null && known.setting === listSettingOf(setting);
  const found = lists.find(({ id }) => id === (isSameSetting ? known.id : setting.listId));
  if (found) return { id: found.id, title: found.title };
  const title = setting.listTitle ?? (isSameSetting ? known.title : null) ?? `Kommo ${accountId}`;
  const present = lists.filter((list) => list.title === title);
  const list = present.find(({ id }) => id === known.id) ?? present[0];
  return { id: list?.id, title };
}
