import type { Secret } from '#domain';
import { UnisenderRejectedError } from '#unisender';
import type { AccountWork } from './account-work.js';
import type { AddressTeller, CountTold } from './address-teller.js';
import type { Preparation } from './preparation.js';

/** Tells one round into the prepared list; a list that someone deleted is found out by the refusal, made again and told anew. */
export async function tellReady(
  { preparation, teller }: { readonly preparation: Preparation; readonly teller: AddressTeller },
  work: AccountWork,
  key: Secret,
  count?: CountTold,
): Promise<boolean> {
  const listId = await preparation.ensureReady(work, key);
  try {
    return await teller.tell(work, key, listId, count);
  } catch (error) {
    const wasReplaced = error instanceof UnisenderRejectedError && (await preparation.replaceLostLists(work, key, listId));
    if (wasReplaced) return true;
    throw error;
  }
}
