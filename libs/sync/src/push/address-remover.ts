import { Injectable } from '@nestjs/common';
import { AddressStore, type DirtyAddress, MailingConsentStore, PushedAddressStore, type ShownAddress } from '#database';
import {
  type DeletePolicy,
  MAX_ROWS_PER_CALL,
  type Removal,
  type ShownPlace,
  decideRemoval,
  formerListsOf,
  groupBy,
  isCreatedByOthers,
  isInDoubtAtRemoval,
  pushedByDelete,
  pushedByExclude,
} from '#domain';
import { UnisenderMethodDeniedError } from '#unisender';
import type { AccountWork } from './account-work.js';
import { AddressLooker, type Look, viewsOf } from './address-looker.js';
import { ExportReader, unsavedTask } from './export-reader.js';
import { ListWriter, type Round } from './list-writer.js';
import { listsToLeave, noCounts } from './push-plan.js';

/** More addresses are looked up by one export. */
const MAX_LOOKS = 20;

/** `isForced`: contacts may hold the addresses. */
export interface RemovalOptions {
  readonly isForced: boolean;
}

/** What is needed to decide on a removal. */
@Injectable()
export class RemovalLooks {
  /** When the last export of a piece of work was requested, epoch milliseconds. */
  private readonly exportedAt = new WeakMap<AccountWork, number>();

  constructor(
    private readonly looker: AddressLooker,
    private readonly exports: ExportReader,
    private readonly pushed: PushedAddressStore,
    private readonly consents: MailingConsentStore,
    private readonly addresses: AddressStore,
  ) {}

  /**
   * Asks Unisender where the addresses are, after their removal was decided: by one call each, or by an export for many. Records what
   * it shows, also refusals. Returns the addresses that are still to be removed, with their places; those whose look Unisender refuses
   * are returned apart.
   */
  async look(round: Round, removals: readonly DirtyAddress[], { isForced }: RemovalOptions): Promise<LookedRemovals> {
    const looked = removals.length > MAX_LOOKS ? await this.lookAtMany(round, removals) : await this.lookSingly(round, removals);
    return { ...looked, removals: looked.removals.filter(({ holder }) => isForced || holder === undefined) };
  }

  /** Without access to exports a round looks at a few addresses; the others wait for the next rounds. */
  private async lookAtMany(round: Round, removals: readonly DirtyAddress[]): Promise<LookedRemovals> {
    try {
      return await this.lookByExport(round, removals);
    } catch (error) {
      if (!(error instanceof UnisenderMethodDeniedError)) throw error;
      return this.lookSingly(round, removals.slice(0, MAX_LOOKS));
    }
  }

  private async lookSingly({ work, key, listId }: Round, removals: readonly DirtyAddress[]): Promise<LookedRemovals> {
    const { lease } = work;
    const emails = removals.map(({ email }) => email);
    const looks = await this.looker.look(work, key, emails);
    const shown = removals.flatMap(({ email }) => toShown(email, looks.get(email), listId));
    await lease.write(async () => {
      await this.pushed.recordLooks(lease.accountId, shown);
      await this.pushed.recordDoubt(lease.accountId, findCreatedByOthers(removals, looks, isInDoubtAtRemoval));
      await this.pushed.recordCreatedByOthers(lease.accountId, findCreatedByOthers(removals, looks, isCreatedByOthers));
      await this.consents.learn(lease.accountId, viewsOf(looks));
    });
    const current = await this.listRemovable(work, emails);
    const places = new Map(removals.flatMap((address) => toPlace(address, looks.get(address.email), listId)));
    const refused = current.flatMap((address) => {
      const look = looks.get(address.email);
      return look?.kind === 'refused' ? [{ address, code: look.code, cause: look.cause }] : [];
    });
    return { removals: current.filter(({ email }) => places.has(email)), places, refused };
  }

  /**
   * An address that others may have created anew is looked at by a call of its own: the time zone of exports is not known. Only a few are
   * looked at in one round; the others wait for the next rounds.
   */
  private async lookByExport(round: Round, removals: readonly DirtyAddress[]): Promise<LookedRemovals> {
    const { work, key, listId } = round;
    const decidedAt = Math.max(...removals.map(({ dirtySince }) => dirtySince ?? 0));
    const last = this.exportedAt.get(work) ?? 0;
    const askedAt = last > decidedAt ? last : await this.exports.requestAndStore(work, key, unsavedTask);
    this.exportedAt.set(work, askedAt);
    const emails = removals.map(({ email }) => email);
    const current = await this.listRemovable(work, emails);
    const places = new Map(current.map((address) => [address.email, toExportedPlace(address, listId, askedAt)]));
    const byDoubt = groupBy(current, (address) => isInDoubt(address, places.get(address.email) ?? nowhere, work.settings.deletePolicy));
    const [certain, doubtful] = [byDoubt.get(false) ?? [], byDoubt.get(true) ?? []];
    if (doubtful.length === 0) return { removals: certain, places, refused: [] };
    const looked = await this.lookSingly(round, doubtful.slice(0, MAX_LOOKS));
    // The looks take time, in which a certain one may refuse.
    const stillCertain = await this.listRemovable(
      work,
      certain.map(({ email }) => email),
    );
    return { ...looked, removals: [...stillCertain, ...looked.removals], places: new Map([...places, ...looked.places]) };
  }

  private async listRemovable({ lease }: AccountWork, emails: readonly string[]): Promise<DirtyAddress[]> {
    const current = await this.addresses.listWithHolders(lease.accountId, emails);
    return current.filter(({ consent }) => consent === 'mailable');
  }
}

/** Removals that Unisender was asked about. */
export interface LookedRemovals {
  readonly removals: readonly DirtyAddress[];
  readonly places: ReadonlyMap<string, ShownPlace>;
  readonly refused: readonly { readonly address: DirtyAddress; readonly code: string; readonly cause: string }[];
}

/** Removes addresses from Unisender that no contact holds. Nothing is deleted that the service did not put there. */
@Injectable()
export class AddressRemover {
  constructor(
    private readonly looks: RemovalLooks,
    private readonly writer: ListWriter,
    private readonly pushed: PushedAddressStore,
  ) {}

  /** Looks at up to 500 addresses and removes them. Returns false when a missing list was replaced instead. Throws TransientError. */
  async remove(round: Round, wanted: readonly DirtyAddress[], options: RemovalOptions = { isForced: false }): Promise<boolean> {
    const { work, listId } = round;
    const { accountId } = work.lease;
    const { removals, places, refused } = await this.looks.look(round, wanted.slice(0, MAX_ROWS_PER_CALL), options);
    for (const { address, code, cause } of refused) await this.writer.park(round, address, { step: 'look', code, cause });
    const emails = removals.map(({ email }) => email);
    const shared = await this.pushed.findSharedUses(accountId, listId, emails);
    const decided = groupBy(removals, (address): Removal => {
      const place = places.get(address.email) ?? nowhere;
      return decideRemoval(address, place, shared.get(address.email) ?? 'none', work.settings.deletePolicy);
    });
    await this.settle(round, decided.get('nothing') ?? [], places);
    const deletes = decided.get('delete') ?? [];
    if (deletes.length > 0 && !(await this.writer.write(round, { kind: 'delete', addresses: deletes }))) return false;
    return this.exclude(round, decided.get('exclude') ?? []);
  }

  /** Addresses that an export just showed may leave the list in full calls. */
  private async exclude(round: Round, excludes: readonly DirtyAddress[]): Promise<boolean> {
    if (excludes.length <= MAX_LOOKS) return this.writer.exclude(round, excludes);
    return this.writer.write(round, { kind: 'leave', addresses: excludes });
  }

  private async settle({ work: { lease }, count }: Round, left: readonly DirtyAddress[], places: LookedRemovals['places']): Promise<void> {
    if (left.length === 0) return;
    const pushed = left.map((address) => (places.get(address.email)?.isInUnisender ? pushedByExclude(address) : pushedByDelete(address)));
    await lease.write(async () => {
      await this.pushed.record(lease.accountId, pushed);
      await count({ ...noCounts, deleted: pushed.length });
    });
  }
}

const nowhere: ShownPlace = { isInUnisender: false, isOnOurList: false, isOnOtherLists: false };

/**
 * Returns the addresses that others created anew, as the looks show. `records`: the addresses as they were before the looks. `isOthers`
 * gets the time of creation that a look shows.
 */
export const findCreatedByOthers = (
  records: readonly DirtyAddress[],
  looks: ReadonlyMap<string, Look>,
  isOthers: (record: DirtyAddress, addedAtMs: number | undefined) => boolean,
): string[] =>
  records
    .filter((record) => {
      const look = looks.get(record.email);
      return look?.kind === 'found' && isOthers(record, look.contact.addedAtMs);
    })
    .map(({ email }) => email);

/** What a look shows, to be stored. */
export function toShown(email: string, look: Look | undefined, listId: number): ShownAddress[] {
  if (look?.kind !== 'found') return [];
  const { askedAtMs, contact, otherListIds } = look;
  return [
    {
      email,
      lookedAt: askedAtMs,
      isOnOurList: contact.lists.some(({ id }) => id === listId),
      isOnOtherLists: otherListIds.length > 0,
      addedAt: contact.addedAtMs ?? null,
    },
  ];
}

function toExportedPlace(address: DirtyAddress, listId: number, askedAt: number): ShownPlace {
  const { lookedAt, seenAt, isOnOtherLists } = address;
  const isOnFormerList = formerListsOf(address, listId).length > 0;
  return {
    isInUnisender: lookedAt !== null && lookedAt >= askedAt,
    isOnOurList: (seenAt !== null && seenAt >= askedAt) || isOnFormerList,
    isOnOtherLists,
  };
}

/** Whether an address would be deleted although the export shows that others may have created it anew. */
const isInDoubt = (address: DirtyAddress, place: ShownPlace, policy: DeletePolicy): boolean =>
  decideRemoval(address, place, 'none', policy) === 'delete' && isInDoubtAtRemoval(address, address.exportedAddedAt ?? undefined);

function toPlace(address: DirtyAddress, look: Look | undefined, listId: number): [string, ShownPlace][] {
  if (!look || look.kind === 'refused') return [];
  if (look.kind === 'absent') return [[address.email, nowhere]];
  const ours = listsToLeave(address, listId);
  const isOnOurList = look.contact.lists.some(({ id }) => ours.includes(id));
  return [[address.email, { isInUnisender: true, isOnOurList, isOnOtherLists: look.otherListIds.length > 0 }]];
}
