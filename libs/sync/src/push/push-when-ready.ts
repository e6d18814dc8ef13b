import type { Secret } from '#domain';
import { UnisenderRejectedError } from '#unisender';
import type { AccountWork } from './account-work.js';
import type { AddressPusher, CountPushed } from './address-pusher.js';
import type { Preparation } from './preparation.js';

/** Tells one round into the prepared list; a list that someone deleted is found out by the refusal, made again and told anew. */
export async function pushWhenReady(
  { preparation, pusher }: { readonly preparation: Preparation; readonly pusher: AddressPusher },
  work: AccountWork,
  key: Secret,
  count?: CountPushed,
): Promise<boolean> {
  const listId = await preparation.ensureReady(work, key);
  try {
    return await pusher.push(work, key, listId, count);
  } catch (error) {
    const wasReplaced = error instanceof UnisenderRejectedError && (await preparation.replaceLostLists(work, key, listId));
    if (wasReplaced) return true;
    throw error;
  }
}
