import { Injectable } from '@nestjs/common';
import { type DirtyAddress, PushedAddressStore } from '#database';
import {
  AccountBlockedError,
  BugError,
  Clock,
  type PushedAddress,
  type RejectedCodes,
  type Refused,
  type Secret,
  TransientError,
  UNEXPLAINED,
  explainResponse,
  hasErrorCode,
  originOfFirst,
  possiblyPut,
  pushedByDelete,
  pushedByExclude,
  pushedByPut,
  pushedByRefusal,
  showsValues,
  writtenAfter,
} from '#domain';
import { type ImportResult, UnisenderClient, UnisenderMethodDeniedError, UnisenderRejectedError, vendorCodeOf } from '#unisender';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { AddressLooker, type Look } from './address-looker.js';
import { ConsentGate } from './consent-gate.js';
import { type Call, type PushCounts, addressesOf, halvesOf, listsToLeave, noCounts, toRows, valuesOf } from './push-plan.js';

/** What one round pushes with. */
export interface Round {
  readonly work: AccountWork;
  readonly key: Secret;
  readonly listId: number;
  /** Adds to counters inside the transaction that records a push. */
  readonly count: (counts: PushCounts) => Promise<void>;
  /**
   * Called when Unisender refuses a whole call: looks up the lists and fields that the calls name. Returns true when something was
   * missing and is replaced; then the round ends.
   */
  readonly onRefused: () => Promise<boolean>;
}

type Outcome =
  | { readonly kind: 'settled' }
  /** Unisender refused the whole call. */
  | { readonly kind: 'refused'; readonly error: UnisenderRejectedError }
  /** The sums of the response do not explain every row. */
  | { readonly kind: 'unexplained'; readonly response: ImportResult };

/** Calls of one round. A call that is refused as a whole is halved; what is left then waits for the next round. */
const MAX_CALLS = 64;

/** Errors after which the outcome of the call is unknown. */
const hasUnknownOutcome = (error: unknown): boolean =>
  !(error instanceof BugError || error instanceof AccountBlockedError) &&
  !(error instanceof TransientError && error.code !== 'unisender_unavailable' && error.code !== 'stopping');

/**
 * The only caller of importContacts and exclude. It asks the {@link ConsentGate} in the same step in which it puts addresses on a list,
 * finds the row for which a call is refused, and parks it.
 */
@Injectable()
export class ListWriter {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly gate: ConsentGate,
    private readonly pushed: PushedAddressStore,
    private readonly looker: AddressLooker,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a call and records its outcome. Halves it while Unisender refuses it as a whole, or does not explain every row, until the
   * refused row stands alone and is parked. Returns false when a missing list or field was replaced instead. Throws TransientError and
   * AccountBlockedError.
   */
  async write(round: Round, call: Call): Promise<boolean> {
    const waiting: Call[] = [call];
    let wasLookedUp = false;
    for (let calls = 0; calls < MAX_CALLS; calls += 1) {
      const next = waiting.shift();
      if (!next) return true;
      throwIfStopping(round.work.signal);
      round.work.lease.assertHeld();
      const outcome = await this.send(round, next, next === call);
      if (outcome.kind === 'settled') continue;
      if (outcome.kind === 'refused' && !wasLookedUp && (await round.onRefused())) return false;
      wasLookedUp = true;
      if (addressesOf(next).length > 1) waiting.unshift(...halvesOf(next, outcome.kind === 'refused'));
      else await this.settleSingle(round, next, outcome);
    }
    return true;
  }

  /** Takes addresses off our lists, one call each: an address that was deleted by hand is not created again. */
  async exclude(round: Round, addresses: readonly DirtyAddress[]): Promise<boolean> {
    const { work, key, listId } = round;
    const { accountId } = work.lease;
    for (const address of addresses) {
      await work.lease.write(() => this.pushed.beginRemoval(accountId, [address.email]));
      try {
        for (const id of listsToLeave(address, listId)) await this.unisender.exclude(key, address.email, [id]);
      } catch (error) {
        const isDenied = error instanceof UnisenderMethodDeniedError;
        if (!isDenied && !(error instanceof UnisenderRejectedError)) throw await this.afterFailure(round, [address], error);
        await work.lease.write(() => this.pushed.revert(accountId, [address]));
        if (!isDenied && (await round.onRefused())) return false;
        await this.park(round, address, toRefused('exclude', error));
        continue;
      }
      await this.record(round, [pushedByExclude(address)], { ...noCounts, deleted: 1 });
      throwIfStopping(work.signal);
      work.lease.assertHeld();
    }
    return true;
  }

  /** Parks an address that Unisender refuses for itself alone. */
  async park(round: Round, address: DirtyAddress, refused: Refused): Promise<void> {
    const parked = pushedByRefusal(address, refused, this.clock.nowMs());
    await this.record(round, [parked], { ...noCounts, rejected: 1 });
  }

  /** `isFirst`: no earlier call of this round carried the addresses. */
  private async send(round: Round, wanted: Call, isFirst: boolean): Promise<Outcome> {
    const call = await this.begin(round, wanted);
    const addresses = addressesOf(call);
    if (addresses.length === 0) return { kind: 'settled' };
    const response = await this.callOrRevert(round, call, isFirst);
    if (response instanceof UnisenderRejectedError) return { kind: 'refused', error: response };
    const rejected = explainResponse(response, addresses.length);
    if (!rejected) return { kind: 'unexplained', response };
    await this.settle(round, call, response, rejected);
    return { kind: 'settled' };
  }

  /** Returns the call without the addresses that may not be put on a list. They stay dirty. */
  private async begin({ work: { lease }, listId }: Round, call: Call): Promise<Call> {
    const emails = addressesOf(call).map(({ email }) => email);
    if (call.kind !== 'put') {
      await lease.write(() => this.pushed.beginRemoval(lease.accountId, emails));
      return call;
    }
    const admitted = await this.gate.admit(lease, listId, emails);
    return { ...call, puts: call.puts.filter(({ address }) => admitted.has(address.email)) };
  }

  private async callOrRevert(round: Round, call: Call, isFirst: boolean): Promise<ImportResult | UnisenderRejectedError> {
    try {
      return await this.unisender.importContacts(round.key, toRows(call, round.listId));
    } catch (error) {
      if (!(error instanceof UnisenderRejectedError)) {
        throw await this.afterFailure(round, addressesOf(call), error, {
          isTaken: !isFirst || !hasErrorCode(error, 'unisender_rate_limited'),
        });
      }
      await round.work.lease.write(() => this.pushed.revert(round.work.lease.accountId, addressesOf(call)));
      return error;
    }
  }

  /** Restores the addresses unless the outcome of the call is unknown. Returns the error. */
  private async afterFailure(
    { work: { lease } }: Round,
    addresses: readonly DirtyAddress[],
    error: unknown,
    sent?: { readonly isTaken: boolean },
  ): Promise<unknown> {
    if (!hasUnknownOutcome(error)) await lease.write(() => this.pushed.revert(lease.accountId, addresses, sent));
    return error;
  }

  private async settle(round: Round, call: Call, response: ImportResult, rejected: RejectedCodes): Promise<void> {
    const nowMs = this.clock.nowMs();
    const causes = new Map(response.rejected.map(({ index, message }) => [index, message]));
    const origin = call.kind === 'put' && call.isFirst ? originOfFirst(response, call.puts.length - rejected.size) : 'uncertain';
    const pushed = addressesOf(call).map((address, index) => {
      const code = rejected.get(index);
      if (code === undefined) return this.accepted(round, call, index, origin);
      const cause = causes.get(index) ?? '';
      return pushedByRefusal(afterRefusal(round, call, address), { step: stepOf(call), code, cause, ...hashOf(call, index) }, nowMs);
    });
    await this.record(round, pushed, countsOf(call, rejected), call.kind === 'put' ? response : undefined);
  }

  private accepted({ listId }: Round, call: Call, index: number, origin: 'ours' | 'preexisting' | 'uncertain'): PushedAddress {
    if (call.kind !== 'put') {
      const address = call.addresses[index] ?? missingRow();
      return call.kind === 'delete' ? pushedByDelete(address) : pushedByExclude(address);
    }
    const { address, action } = call.puts[index] ?? missingRow();
    const writtenFields = writtenAfter(valuesOf(action.holder), address.writtenFields ?? []);
    const put = pushedByPut(address, action, { originOfFirst: origin, listId, writtenFields });
    return { ...put, firstSentAt: put.firstSentAt ?? this.clock.nowMs() };
  }

  /** Parks the only row of a refused call. A row without an explanation is looked up first. */
  private async settleSingle(round: Round, call: Call, outcome: Exclude<Outcome, { kind: 'settled' }>): Promise<void> {
    const [address] = addressesOf(call);
    if (!address) return;
    const step = stepOf(call);
    if (outcome.kind === 'refused') {
      return this.park(round, afterRefusal(round, call, address), { ...toRefused(step, outcome.error), ...hashOf(call, 0) });
    }
    const look = (await this.looker.look(round.work, round.key, [address.email])).get(address.email);
    if (look && showsEffect(call, look)) {
      const put = call.kind === 'put' ? outcome.response : undefined;
      return this.record(round, [this.accepted(round, call, 0, 'uncertain')], countsOf(call, new Map()), put);
    }
    const parked = afterRefusal(round, call, address, mayBeOnList(look, round.listId));
    await this.park(round, parked, { step, code: UNEXPLAINED, cause: 'the response does not explain the row', ...hashOf(call, 0) });
  }

  private async record(
    { work: { lease }, count }: Round,
    pushed: readonly PushedAddress[],
    counts: PushCounts,
    put?: Pick<ImportResult, 'respondedAtMs'>,
  ): Promise<void> {
    const recordAndCount = async () => {
      await this.pushed.record(lease.accountId, pushed, put);
      await count(counts);
    };
    // Without this record, the begin of the call shows that its outcome is unknown.
    await lease.write(recordAndCount, { durable: 'later' });
  }
}

const stepOf = ({ kind }: Call) => (kind === 'leave' ? ('exclude' as const) : kind);

const toRefused = (step: Refused['step'], error: UnisenderRejectedError | UnisenderMethodDeniedError): Refused => ({
  step,
  code: vendorCodeOf(error),
  cause: error.message,
});

const hashOf = (call: Call, index: number): { readonly hash?: string } => {
  const put = call.kind === 'put' ? call.puts[index] : undefined;
  return put ? { hash: put.action.hash } : {};
};

function missingRow(): never {
  throw new BugError('a response has a row that the call did not have', { code: 'unexpected' });
}

/** Whether a look shows that the only row of the call was accepted. */
function showsEffect(call: Call, look: Look): boolean {
  if (look.kind === 'refused') return false;
  if (call.kind !== 'put') return look.kind === 'absent' || (call.kind === 'leave' && !look.view.isOnOurList);
  const [put] = call.puts;
  if (look.kind !== 'found' || !put) return false;
  return look.view.isOnOurList && showsValues(valuesOf(put.action.holder), put.address.writtenFields ?? [], look.contact.fields);
}

/** A call that is refused may have its effect all the same. */
const afterRefusal = ({ listId }: Round, { kind }: Call, address: DirtyAddress, isOpen = false): DirtyAddress =>
  kind === 'put' ? possiblyPut(address, { listId, mayBeOnList: isOpen }) : address;

/** A refused look shows nothing. */
const mayBeOnList = (look: Look | undefined, listId: number): boolean =>
  look?.kind === 'found' ? look.contact.lists.some(({ id }) => id === listId) : look?.kind !== 'absent';

/** Counts a call without its refused rows. */
function countsOf(call: Call, rejected: RejectedCodes): PushCounts {
  const counts: PushCounts = { ...noCounts, rejected: rejected.size };
  if (call.kind !== 'put') return { ...counts, deleted: call.addresses.length - rejected.size };
  const created = call.puts.filter(({ action }, index) => action.isNew && !rejected.has(index)).length;
  return { ...counts, created, updated: call.puts.length - rejected.size - created };
}
