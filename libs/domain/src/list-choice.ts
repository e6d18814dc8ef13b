/** A list in Unisender. */
export interface NamedList {
  readonly id: number;
  readonly title: string;
}

/** What decides on the list of an account. */
export interface ListRequest {
  readonly accountId: number;
  /** The title of the settings; undefined when none is set. */
  readonly chosenTitle: string | undefined;
  /** The list that the account has used so far. */
  readonly known: { readonly id: number | null; readonly title: string | null };
}

/** The list to use. `id` is undefined when the list must be created. */
export interface ListChoice {
  readonly id: number | undefined;
  readonly title: string;
}

/**
 * Chooses the known list while it exists, also after it was renamed in Unisender; a chosen title that differs excludes it. Chooses else
 * the list with exactly the title, else a new one.
 */
export function chooseList(lists: readonly NamedList[], { accountId, chosenTitle, known }: ListRequest): ListChoice {
  const title = chosenTitle ?? known.title ?? `Kommo ${accountId}`;
  const isKnown = ({ id, title: present }: NamedList) => id === known.id && (chosenTitle ?? present) === present;
  const list = lists.find(isKnown) ?? lists.find(({ title: present }) => present === title);
  return { id: list?.id, title };
}
