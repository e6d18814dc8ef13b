import { Injectable } from '@nestjs/common';
import { AddressStore, type DirtyAddress, MailingConsentStore, PushedAddressStore } from '#database';
import {
  type AddressState,
  Clock,
  type DirtyCause,
  type PushedAddress,
  type Secret,
  formerListsOf,
  groupBy,
  hashOfPush,
  isCreatedByOthers,
  pushedByDelete,
  showsValues,
  toPushedAddress,
} from '#domain';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { AddressLooker, type Look, viewsOf } from './address-looker.js';
import { findCreatedByOthers, toShown } from './address-remover.js';
import { Preparation } from './preparation.js';
import { listsToLeave, valuesOf } from './push-plan.js';

const BATCH = 20;

/** An address after its look, and whether it must be pushed again. */
interface Verified {
  readonly pushed: PushedAddress;
  readonly isDirty: boolean;
  readonly cause: DirtyCause;
}

/** Compares single addresses in Unisender with the mirror. */
@Injectable()
export class AddressVerifier {
  constructor(
    private readonly looker: AddressLooker,
    private readonly pushed: PushedAddressStore,
    private readonly addresses: AddressStore,
    private readonly consents: MailingConsentStore,
  ) {}

  /** Looks at each address, records what Unisender has, and marks those dirty that differ. */
  async verify(work: AccountWork, key: Secret, listId: number, records: readonly DirtyAddress[]): Promise<void> {
    const { lease } = work;
    const { accountId } = lease;
    const looks = await this.looker.look(
      work,
      key,
      records.map(({ email }) => email),
    );
    // A removal that is planned or waits for a confirmation stays as it is.
    const [undecided, open] = [records.filter(({ removal }) => removal !== null), records.filter(({ removal }) => removal === null)];
    const createdByOthers = findCreatedByOthers(records, looks, isCreatedByOthers);
    const verified = open.map((record) => {
      const known = createdByOthers.includes(record.email) ? { ...record, ...notOurs } : record;
      return verifiedBy(known, looks.get(record.email), listId);
    });
    await lease.write(async () => {
      await this.pushed.recordLooks(
        accountId,
        records.flatMap(({ email }) => toShown(email, looks.get(email), listId)),
      );
      await this.pushed.recordCreatedByOthers(accountId, createdByOthers);
      // The call without a response may have put them on a list until now: what the look shows does not disprove a refusal before it.
      await this.pushed.record(
        accountId,
        verified.map(({ pushed }) => pushed),
        {},
      );
      for (const [state, group] of groupBy(undecided, (record) => stateShownBy(record, looks.get(record.email), listId))) {
        const emails = group.map(({ email }) => email);
        await this.pushed.endVerification(accountId, state, emails);
      }
      const gone = undecided.filter(({ email }) => looks.get(email)?.kind === 'absent').map(({ email }) => email);
      await this.pushed.recordGone(accountId, gone);
      await this.consents.learn(accountId, viewsOf(looks));
      for (const [cause, group] of groupBy(
        verified.filter(({ isDirty }) => isDirty),
        (each) => each.cause,
      )) {
        const dirty = group.map(({ pushed }) => pushed.email);
        await this.addresses.markDirty(accountId, dirty, cause);
      }
    });
  }
}

/** Looks at addresses whose last call had no response, and lets parked addresses be tried again. */
@Injectable()
export class DueAddressWork {
  constructor(
    private readonly pushed: PushedAddressStore,
    private readonly addresses: AddressStore,
    private readonly verifier: AddressVerifier,
    private readonly preparation: Preparation,
    private readonly clock: Clock,
  ) {}

  /** Does what is due in the account. Makes one call for each address to verify. Throws TransientError and AccountBlockedError. */
  async handle(work: AccountWork, key: Secret): Promise<void> {
    const { account, lease } = work;
    if (account.workDueAt === null || account.workDueAt > this.clock.nowMs()) return;
    const listId = await this.preparation.ensureReady(work, key);
    for (;;) {
      throwIfStopping(work.signal);
      lease.assertHeld();
      const { toVerify, toRetry } = await this.pushed.listDue(account.accountId, BATCH);
      if (toVerify.length + toRetry.length === 0) break;
      await lease.write(() => this.pushed.retry(account.accountId, toRetry));
      if (toVerify.length > 0) await this.verify(work, key, listId, toVerify);
    }
    await lease.write(() => this.pushed.refreshDue(account.accountId));
    account.workDueAt = null;
  }

  private async verify(work: AccountWork, key: Secret, listId: number, emails: readonly string[]): Promise<void> {
    const records = await this.addresses.listWithHolders(work.lease.accountId, emails);
    await this.verifier.verify(work, key, listId, records);
  }
}

/** What is known of an address that others created anew. */
const notOurs = { origin: 'preexisting', ownListId: null, writtenFields: null } as const;

/** Whether our present list, or a former one that the address is to leave, has it. After a refused look one may have it. */
function stateShownBy(record: DirtyAddress, look: Look | undefined, listId: number): AddressState {
  if (look?.kind === 'absent') return 'absent';
  if (look?.kind !== 'found') return 'present';
  const ours = listsToLeave(record, listId);
  return look.contact.lists.some(({ id }) => ours.includes(id)) ? 'present' : 'absent';
}

/**
 * A clean address was absent because its removal was decided: a late call of ours is undone without a confirmation. Another removal was
 * never decided, such as that of an address that was refused when its contact went.
 */
function causeOf({ consent, dirtyCause, dirtySince, state }: DirtyAddress): DirtyCause {
  if (dirtySince !== null) return dirtyCause ?? 'reread';
  return (consent === 'mailable' && state === 'absent') || dirtyCause === 'event' ? 'event' : 'reread';
}

/** After a refused look Unisender may have the address, with any values: it is pushed or removed again. */
function verifiedBy(record: DirtyAddress, look: Look | undefined, listId: number): Verified {
  const base = { ...record, verifyAt: null };
  const { holder, dirtySince } = record;
  const cause = causeOf(record);
  if (look?.kind === 'absent') return { pushed: pushedByDelete(base), isDirty: holder !== undefined, cause };
  const { lateListIds } = record;
  if (look?.kind !== 'found') {
    const mayDiffer = { ...base, state: 'present' as const, pushedHash: null };
    return { pushed: { ...toPushedAddress(mayDiffer), lateListIds }, isDirty: true, cause };
  }
  const shownIds = look.contact.lists.map(({ id }) => id);
  const formerIds = formerListsOf(record, listId).filter((id) => shownIds.includes(id));
  const isOnPresent = shownIds.includes(listId);
  const state = stateShownBy(record, look, listId);
  const isRight = holder !== undefined && showsValues(valuesOf(holder), record.writtenFields ?? [], look.contact.fields);
  const isSame = isOnPresent && formerIds.length === 0 && isRight;
  const isPresentOurs = isOnPresent && (record.ownListId === listId || (lateListIds ?? []).includes(listId));
  const pushed: PushedAddress = {
    ...toPushedAddress({
      ...base,
      state,
      origin: record.origin === 'unknown' ? 'uncertain' : record.origin,
      pushedHash: isSame ? hashOfPush(holder.name, holder.fields) : null,
      ownListId: isPresentOurs ? listId : null,
    }),
    lateListIds: formerIds.length > 0 ? formerIds : null,
  };
  return { pushed, isDirty: dirtySince !== null || (holder ? !isSame : state === 'present'), cause };
}
