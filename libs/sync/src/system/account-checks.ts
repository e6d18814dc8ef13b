import { Injectable } from '@nestjs/common';
import type { AttentionCode } from '#domain';
import { AttentionList } from '../accounts/attention-list.js';
import { Pauses } from '../maintenance/pauses.js';
import { type Finding, ok, problem } from './finding.js';

const MAX_ACCOUNTS = 20;

/** What a human does about each code. */
const remedies: Readonly<Record<AttentionCode, string>> = {
  approval_required: 'Approve the account: POST /operations/accounts/<account id>/approve.',
  reauthorization_required: 'Open /auth?id=<account id> in a browser and allow the access.',
  suspended: 'Pay the Kommo account.',
  administrator_required: 'Let an administrator of the Kommo account allow the access.',
  unisender_key_refused: 'Save a key that Unisender accepts in the widget.',
  unisender_access_denied: 'Allow the API access in Unisender, or save another key in the widget.',
  unisender_not_enough_money: 'Pay the Unisender account.',
  webhook_disabled: 'Check that Kommo can reach PUBLIC_URL, then wait for the watchdog.',
  webhook_missing: 'Check that Kommo can reach PUBLIC_URL, then wait for the watchdog.',
  unisender_webhook_stopped: 'Check that Unisender can reach PUBLIC_URL, then wait for the watchdog.',
  confirmation_required: 'Look at the planned removals of the run, then confirm or cancel it.',
};

/** Checks whether accounts need a human, and whether a vendor is paused. */
@Injectable()
export class AccountChecks {
  constructor(
    private readonly attention: AttentionList,
    private readonly pauses: Pauses,
  ) {}

  /** Returns the findings, of 20 accounts at most. Throws TransientError `database_unavailable`. */
  async run(): Promise<Finding[]> {
    const accounts = await this.attention.read();
    if (accounts.length === 0) return [ok('accounts', 'No account needs attention'), ...(await this.checkVendors())];
    const more = accounts.length - MAX_ACCOUNTS;
    const shown = accounts.slice(0, MAX_ACCOUNTS).flatMap(({ account_id: accountId, name, attention }) =>
      attention.map((code) => {
        const message = `Account ${accountId}${name === '' ? '' : ` (${name})`}: ${code}`;
        return problem('accounts', 'warning', { subject: String(accountId), message, remedy: remedies[code] });
      }),
    );
    const rest = { message: `${more} more accounts need attention`, remedy: 'Read GET /operations/overview, or the console.' };
    return [...shown, ...(more > 0 ? [problem('accounts', 'warning', rest)] : []), ...(await this.checkVendors())];
  }

  private async checkVendors(): Promise<Finding[]> {
    const pauses = (await this.pauses.list()).filter(({ scope }) => scope === 'vendor');
    return pauses.map(({ id, code, until }) => {
      const message = `All requests to ${id} are paused until ${until}: ${code}`;
      return problem('paused', 'warning', { subject: id, message, remedy: `Wait for the end, or run npm run cli -- resume ${id}.` });
    });
  }
}
