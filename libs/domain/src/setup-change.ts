import { type AccountSettings, toStoredSettings } from './account-settings.js';
import type { NamedList } from './list-choice.js';

/** What is stored of an account before its key and settings are saved again. */
export interface StoredSetup {
  readonly settings: AccountSettings;
  readonly listId: number | null;
  /** Null until the webhook of Kommo was created. */
  readonly webhookState: string | null;
}

/** The key and settings to save. */
export interface NewSetup {
  readonly settings: AccountSettings;
  /** Whether the key differs from the stored one. */
  readonly isKeyNew: boolean;
  /** The lists of the Unisender account of the key. */
  readonly lists: readonly NamedList[];
  /** The lists that are or were the account's in its Unisender account, with their last titles. */
  readonly ownLists: readonly NamedList[];
  /** Whether an address of ours is on one of these lists, seen with the new key. */
  readonly isSampleOnList: boolean;
}

/** What changes when an account's key and settings are saved. */
export interface SetupChange {
  /** The preexisting addresses must be read again. */
  readonly isKeyNew: boolean;
  /** Key or settings change: running work uses old values and must start again. */
  readonly isChanged: boolean;
  /** The key belongs to another Unisender account: everything must be pushed again, to another list. */
  readonly isOtherUnisenderAccount: boolean;
  /** An active run uses old values, or may have missed events without a webhook. */
  readonly isRunOutdated: boolean;
}

/**
 * Compares stored and new key and settings. A new key belongs to the same Unisender account if that has a list which is or was the
 * account's, with its last title or with an address of ours on it.
 */
export function compareSetups(stored: StoredSetup, { settings, isKeyNew, lists, ownLists, isSampleOnList }: NewSetup): SetupChange {
  const { listId, webhookState } = stored;
  const isChanged = isKeyNew || toStoredSettings(settings) !== toStoredSettings(stored.settings);
  const hasList = isSampleOnList || ownLists.some((own) => lists.some(({ id, title }) => id === own.id && title === own.title));
  return {
    isKeyNew,
    isChanged,
    isOtherUnisenderAccount: isKeyNew && listId !== null && !hasList,
    isRunOutdated: isChanged || webhookState !== 'active',
  };
}
