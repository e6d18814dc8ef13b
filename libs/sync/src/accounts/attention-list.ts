import { Injectable } from '@nestjs/common';
import { type AttentionCandidate, AttentionStore, type PauseEntity, PauseStore } from '#database';
import { type AccountStatus, type AttentionCode, listAttention } from '#domain';
import { toShownStatus } from './account-views.js';

/** An account that a human must look at. */
export interface AccountAttentionView {
  readonly account_id: number;
  readonly name: string;
  readonly status: AccountStatus;
  /** The most urgent first. */
  readonly attention: readonly AttentionCode[];
}

const LIMIT = 5_000;
const MAX_PAUSES = 1_000;

/** The most urgent first: nothing arrives any more, then nothing is sent any more, then parts wait. */
const URGENCY: readonly AttentionCode[] = [
  'reauthorization_required',
  'suspended',
  'unisender_key_refused',
  'unisender_access_denied',
  'unisender_not_enough_money',
  'webhook_disabled',
  'webhook_missing',
  'unisender_webhook_stopped',
  'confirmation_required',
  'approval_required',
  'administrator_required',
];

const urgencyOf = ({ attention }: AccountAttentionView): number => Math.min(...attention.map((code) => URGENCY.indexOf(code)));

/** The code of the longest pause by id of the scope. */
function codesOf(pauses: readonly PauseEntity[], kind: PauseEntity['kind']): Map<string, string> {
  const ofKind = pauses.filter((pause) => pause.kind === kind).map(({ id, code }) => [id, code] as const);
  return new Map([...ofKind].reverse());
}

/** Lists the accounts that need a human. */
@Injectable()
export class AttentionList {
  constructor(
    private readonly candidates: AttentionStore,
    private readonly pauses: PauseStore,
  ) {}

  /** Lists up to 5,000 accounts, the most urgent first. The cost grows with accounts, never with contacts. */
  async read(): Promise<AccountAttentionView[]> {
    const pauses = await this.pauses.listActive(MAX_PAUSES);
    const ofAccounts = codesOf(pauses, 'account');
    const ofKeys = codesOf(pauses, 'key');
    const denied = new Set((await this.pauses.listDeniedMethods(MAX_PAUSES)).map((id) => id.slice(0, id.indexOf(':'))));
    const waitingIds = await this.candidates.listWithWaitingRun(LIMIT);
    const scope = { accountIds: [...ofAccounts.keys()].map(Number), keyHashes: [...ofKeys.keys(), ...denied], waitingIds };
    const waiting = new Set(waitingIds);
    const found = await this.candidates.listCandidates(scope, LIMIT);
    return found
      .map((account) => {
        const { accountId, unisenderKeyHash } = account;
        const pauseCode = ofAccounts.get(String(accountId)) ?? ofKeys.get(unisenderKeyHash ?? '') ?? null;
        const hasDeniedMethod = denied.has(unisenderKeyHash ?? '');
        return toView(account, { pauseCode, hasWaitingRun: waiting.has(accountId), hasDeniedMethod });
      })
      .filter(({ attention }) => attention.length > 0)
      .sort((one, other) => urgencyOf(one) - urgencyOf(other) || one.account_id - other.account_id);
  }
}

function toView(
  account: AttentionCandidate,
  found: { readonly pauseCode: string | null; readonly hasWaitingRun: boolean; readonly hasDeniedMethod: boolean },
): AccountAttentionView {
  const status = toShownStatus(account.status, found.pauseCode);
  const codes = listAttention({ ...account, ...found, status });
  const attention = [...codes].sort((one, other) => URGENCY.indexOf(one) - URGENCY.indexOf(other));
  return { account_id: account.accountId, name: account.name, status, attention };
}
