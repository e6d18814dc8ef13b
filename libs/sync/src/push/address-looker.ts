import { Injectable } from '@nestjs/common';
import { AccountListStore, Database, MailingConsentStore } from '#database';
import { Clock, type ConsentView, type OurLists, type Secret, isRefusal, viewOfContact } from '#domain';
import { UnisenderClient, type UnisenderContact, UnisenderMethodDeniedError, UnisenderRejectedError, vendorCodeOf } from '#unisender';
import { type AccountWork, throwIfStopping } from './account-work.js';

/** What Unisender answered about one address. */
export type Look =
  | {
      readonly kind: 'found';
      readonly askedAtMs: number;
      readonly contact: UnisenderContact;
      readonly view: ConsentView;
      /** Lists that never were ours. */
      readonly otherListIds: readonly number[];
    }
  | { readonly kind: 'absent'; readonly askedAtMs: number }
  | RefusedLook;

/** Unisender refuses to show this address, or any. */
interface RefusedLook {
  readonly kind: 'refused';
  readonly code: string;
  readonly cause: string;
}

/** Asks Unisender about single addresses. */
@Injectable()
export class AddressLooker {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly lists: AccountListStore,
    private readonly consents: MailingConsentStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes one call for each address. Stores refusals at once, because a later call may fail; the caller learns the rest. Throws
   * TransientError, also when the process stops or the lease is lost.
   */
  async look(work: AccountWork, key: Secret, emails: readonly string[]): Promise<Map<string, Look>> {
    const looks = new Map<string, Look>();
    if (emails.length === 0) return looks;
    const ours = await this.lists.findOurLists(work.account);
    for (const email of emails) {
      const look = await this.lookAt(key, email, ours);
      looks.set(email, look);
      if (look.kind === 'found' && isRefusal(look.view)) await this.addRefusal(work, email, look.view);
      throwIfStopping(work.signal);
      work.lease.assertHeld();
    }
    return looks;
  }

  private async lookAt(key: Secret, email: string, ours: OurLists): Promise<Look> {
    const askedAtMs = this.clock.nowMs();
    const consentAskedAtMs = await this.database.nowMs();
    const shown = await this.ask(key, email);
    if (!shown) return { kind: 'absent', askedAtMs };
    if ('kind' in shown) return shown;
    const otherListIds = shown.lists.map(({ id }) => id).filter((id) => !ours.allIds.includes(id));
    return { kind: 'found', askedAtMs, contact: shown, view: viewOfContact(shown, ours, consentAskedAtMs), otherListIds };
  }

  private async addRefusal({ lease }: AccountWork, email: string, view: ConsentView): Promise<void> {
    await lease.write(() => this.consents.addShown(lease.accountId, new Map([[email, view]])));
  }

  private async ask(key: Secret, email: string): Promise<UnisenderContact | RefusedLook | undefined> {
    try {
      return await this.unisender.getContact(key, email);
    } catch (error) {
      if (error instanceof UnisenderRejectedError || error instanceof UnisenderMethodDeniedError) return toRefusedLook(error);
      throw error;
    }
  }
}

const toRefusedLook = (error: UnisenderRejectedError | UnisenderMethodDeniedError): RefusedLook => ({
  kind: 'refused',
  code: vendorCodeOf(error),
  cause: error.message,
});

/** The views of the addresses that Unisender showed. */
export const viewsOf = (looks: ReadonlyMap<string, Look>): Map<string, ConsentView> =>
  new Map([...looks].flatMap(([email, look]) => (look.kind === 'found' ? [[email, look.view] as const] : [])));
