import { Injectable } from '@nestjs/common';
import { type AuthorisedAccount, InvalidInputError } from '#domain';
import { RunService } from '../runs/run-service.js';
import type { RunView } from '../runs/run-view.js';
import { Resync } from './resync.js';

/** What the buttons of the widget do. */
export const widgetActions = ['reconcile', 'resync', 'confirm', 'cancel'] as const;

/** One of {@link widgetActions}. */
export type WidgetAction = (typeof widgetActions)[number];

/** A button that was pressed. */
export interface PressedButton {
  readonly action: WidgetAction;
  /** For `confirm` and `cancel`. */
  readonly runId?: string | undefined;
  /** For `resync`: only this contact. */
  readonly contactId?: number | undefined;
}

/** The run that was started or changed, or the number of addresses that are pushed again. */
export type ActionResult = { readonly run: RunView } | { readonly addresses: number };

/** Does what the buttons of the widget say. */
@Injectable()
export class WidgetActions {
  constructor(
    private readonly runs: RunService,
    private readonly resyncs: Resync,
  ) {}

  /**
   * Does it for the account. Throws InvalidInputError for a run that is missing, unknown, of another account or in another state,
   * RunActiveError, and AccountBlockedError while the account cannot be synced.
   */
  async do({ accountId }: AuthorisedAccount, { action, runId, contactId }: PressedButton): Promise<ActionResult> {
    switch (action) {
      case 'reconcile':
        return { run: await this.runs.start({ accountId, mode: 'reconcile', trigger: 'widget' }) };
      case 'resync':
        return {
          addresses: await this.resyncs.request(
            accountId,
            contactId === undefined ? { kind: 'all_failing' } : { kind: 'contact', contactId },
          ),
        };
      case 'confirm':
        return { run: await this.runs.confirm(await this.getOwnRun(accountId, runId)) };
      case 'cancel':
        return { run: await this.runs.cancel(await this.getOwnRun(accountId, runId)) };
    }
  }

  /** A run of another account is as unknown as one that does not exist. */
  private async getOwnRun(accountId: number, runId = ''): Promise<string> {
    const run = await this.runs.find(runId);
    if (run?.account_id === accountId) return run.run_id;
    throw new InvalidInputError('Unknown run', {
      code: 'run_unknown',
      fields: [{ field: 'run_id', problem: 'is not a run of this account' }],
    });
  }
}
