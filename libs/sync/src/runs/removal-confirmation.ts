import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { ContactStore, type RunEntity } from '#database';
import { needsConfirmation } from '#domain';
import { RunTransitions } from './run-transitions.js';

/** Keeps a run from removing many contacts without an operator's confirmation. */
@Injectable()
export class RemovalConfirmation {
  constructor(
    private readonly contacts: ContactStore,
    private readonly transitions: RunTransitions,
    private readonly config: Config,
  ) {}

  /**
   * Makes the run wait when it would remove more than the limit and nobody confirmed it. Returns true when it waits now. It stays
   * in its phase, because after the confirmation its missing contacts are looked up again.
   */
  async requestIfNeeded(run: RunEntity): Promise<boolean> {
    const missing = await this.contacts.countMissing(run.accountId, run.runId);
    const existing = await this.contacts.countExisting(run.accountId);
    if (run.confirmed || !needsConfirmation(missing, existing, this.config.reconcileDeleteLimitPercent)) return false;
    return this.transitions.awaitConfirmation(run, { missing, existing });
  }
}
