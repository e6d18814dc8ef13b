import { Injectable } from '@nestjs/common';
import { ContactStore, type StoredContact } from '#database';
import { type ContactSnapshot, type DirtyCause, readPackedSnapshot } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { ContactReader } from '../intake/contact-reader.js';
import { EmailKindDictionary } from '../intake/email-kind-dictionary.js';
import { MirrorWriter, rulesOf, toVersion } from '../intake/mirror-writer.js';
import { type AccountWork, throwIfStopping } from '../push/account-work.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome } from './run-progress.js';
import { RunPusher } from './run-pusher.js';

/** Contacts of one step. One statement reads them, and few write those that change. */
const BATCH_CONTACTS = 500;

/** Makes the contents of stored contacts again. */
@Injectable()
export class MirrorEvaluation {
  constructor(
    private readonly contacts: ContactStore,
    private readonly reader: ContactReader,
    private readonly mirror: MirrorWriter,
  ) {}

  /**
   * Applies the account's settings to up to 500 stored contacts with ids above `after`. Calls Kommo only for contacts that were never
   * stored as a whole. Returns the last id, or undefined when there is none.
   */
  async evaluate(work: AccountWork, after: number, cause: DirtyCause): Promise<number | undefined> {
    const { accountId } = work.lease;
    const stored = await this.contacts.listStored(accountId, after, BATCH_CONTACTS);
    const changed = stored.flatMap((contact) => this.findChange(work, contact));
    await work.lease.write(() => this.contacts.save(accountId, changed, { cause }));
    const unknown = stored.filter(({ snapshot }) => snapshot === null).map(({ contactId }) => contactId);
    for (let start = 0; start < unknown.length; start += KOMMO_PAGE_LIMIT) {
      const { existing } = await this.reader.readByIds(accountId, unknown.slice(start, start + KOMMO_PAGE_LIMIT));
      await this.mirror.store(work, [...existing.values()], cause);
    }
    return stored.at(-1)?.contactId;
  }

  /** The new version of a contact whose content changes. */
  private findChange(work: AccountWork, { contactId, modifiedAtSeconds, contentHash, snapshot }: StoredContact) {
    if (snapshot === null) return [];
    const contact: Pick<ContactSnapshot, 'contactId' | 'modifiedAtSeconds'> = { contactId, modifiedAtSeconds };
    const version = toVersion({ ...contact, ...readPackedSnapshot(snapshot) }, rulesOf(work));
    return version.contentHash === contentHash ? [] : [version];
  }
}

/** Applies changed settings to the whole mirror, and pushes everything that is not a removal. */
@Injectable()
export class EvaluatePhase implements Phase {
  constructor(
    private readonly evaluation: MirrorEvaluation,
    private readonly progress: RunProgress,
    private readonly pusher: RunPusher,
    private readonly kinds: EmailKindDictionary,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work } = step;
    if (await this.kinds.refreshIfNeeded(work)) return 'later';
    let { cursorContactId } = run;
    for (;;) {
      throwIfStopping(work.signal);
      const last = await this.evaluation.evaluate(work, cursorContactId, 'settings');
      work.lease.assertHeld();
      if (last === undefined) break;
      cursorContactId = last;
      if (!(await this.progress.save(run.runId, { cursorContactId }))) return 'ended';
      if (step.isTimeUp()) return 'later';
    }
    if (!(await this.pusher.push(step, 0))) return 'ended';
    return (await this.progress.save(run.runId, { phase: 'remove', cursorContactId: 0 })) ? 'next' : 'ended';
  }
}
