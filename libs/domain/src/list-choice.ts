/** A list as Unisender has it. */
export interface NamedList {
  readonly id: number;
  readonly title: string;
}

/** Which list an account is to have. */
export interface ListWish {
  readonly accountId: number;
  /** The title chosen in the settings; undefined for ours. */
  readonly chosenTitle: string | undefined;
  /** The list used so far. */
  readonly known: { readonly id: number | null; readonly title: string | null };
}

/** The list to use, `id` undefined when it is to be created. */
export interface ListChoice {
  readonly id: number | undefined;
  readonly title: string;
}

/**
 * The known list while it exists, under whatever title its owner gave it unless the settings choose another; else one with
 * exactly the wanted title; else a new one.
 */
export function chooseList(lists: readonly NamedList[], { accountId, chosenTitle, known }: ListWish): ListChoice {
  const title = chosenTitle ?? known.title ?? `Kommo ${accountId}`;
  const isKnown = ({ id, title: present }: NamedList) => id === known.id && (chosenTitle ?? present) === present;
  const list = lists.find(isKnown) ?? lists.find(({ title: present }) => present === title);
  return { id: list?.id, title };
}
