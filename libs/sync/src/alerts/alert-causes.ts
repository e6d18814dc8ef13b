import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, type AlertEntity, PauseStore, RunStore } from '#database';
import { type AlertKind, Clock, type PauseScope, isDiskNearlyFull } from '#domain';
import { QueueClient } from '#queue';
import { LastingTrouble } from '../maintenance/lasting-trouble.js';
import { DiskProbe } from './disk-probe.js';

/** A vendor may refuse the next call as well: an ended wait counts as over after this time without another one. */
const WAIT_OVER_AFTER_MS = 5 * 60_000;
/** A machine that has not reported for this long is out of use. */
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;

/** Whether the cause of an alert has ended. */
type Check = (alert: AlertEntity) => Promise<boolean>;

/** Knows when the causes of alerts about accounts and their runs have ended. */
@Injectable()
export class AccountCauses {
  constructor(
    private readonly accounts: AccountStore,
    private readonly runs: RunStore,
    private readonly pauses: PauseStore,
    private readonly trouble: LastingTrouble,
  ) {}

  /** A check that `isOver` is true of the account. An account that does not exist any more has no open cause. */
  ofAccount(isOver: (account: AccountEntity) => boolean): Check {
    return async ({ accountId }) => {
      const account = accountId === null ? undefined : await this.accounts.find(accountId);
      return account === undefined || isOver(account);
    };
  }

  /** Whether the account's wait with this code has ended, and no other has followed it. */
  async isWaitOver({ accountId, kind: code }: AlertEntity): Promise<boolean> {
    return !(await this.pauses.wasPausedWithin(WAIT_OVER_AFTER_MS, { kind: 'account', id: String(accountId) }, code));
  }

  /** Whether no method of the account's key is refused, nor the key as a whole. */
  async isAccessAllowed(alert: AlertEntity): Promise<boolean> {
    const account = alert.accountId === null ? undefined : await this.accounts.find(alert.accountId);
    const hash = account?.unisenderKeyHash ?? null;
    const denied = hash === null ? [] : await this.pauses.listDeniedMethods(1, hash);
    return denied.length === 0 && this.isWaitOver(alert);
  }

  /** Whether the account makes progress in what the alert is about. */
  async makesProgress({ accountId, kind }: AlertEntity): Promise<boolean> {
    const account = accountId === null ? undefined : await this.accounts.find(accountId);
    return account === undefined || (await this.trouble.list(account)).every((trouble) => trouble.kind !== kind);
  }

  /** Whether the pause that the alert names has ended, and no other has followed it. */
  async isPauseOver({ details: { scope, id, code } }: AlertEntity): Promise<boolean> {
    const named = { kind: scope as PauseScope['kind'], id: String(id) };
    return !(await this.pauses.wasPausedWithin(WAIT_OVER_AFTER_MS, named, String(code)));
  }

  /** Whether a run of the account was completed after the alert. */
  async hasCompletedRun({ accountId, raisedAt }: AlertEntity): Promise<boolean> {
    const runs = accountId === null ? [] : await this.runs.list(accountId, 10);
    return runs.length === 0 || runs.some(({ state, finishedAt }) => state === 'completed' && (finishedAt ?? 0) >= raisedAt);
  }

  /** Whether the run that the alert names waits no more. */
  async isConfirmed({ details }: AlertEntity): Promise<boolean> {
    return (await this.runs.find(String(details['run_id'])))?.state !== 'waiting_for_confirmation';
  }
}

/** Knows for every kind of alert when its cause has ended. */
@Injectable()
export class AlertCauses {
  private readonly checks: Readonly<Record<AlertKind, Check>>;

  constructor(
    accounts: AccountCauses,
    private readonly queue: QueueClient,
    private readonly disk: DiskProbe,
    private readonly clock: Clock,
  ) {
    const isActiveAgain = accounts.ofAccount(({ webhookState, status }) => webhookState === 'active' || status === 'disconnected');
    const isWaitOver: Check = (alert) => accounts.isWaitOver(alert);
    const makesProgress: Check = (alert) => accounts.makesProgress(alert);
    this.checks = {
      account_reauthorization_required: accounts.ofAccount(({ status }) => status !== 'reauthorization_required'),
      approval_required: accounts.ofAccount(({ awaitsApproval }) => !awaitsApproval),
      authorization_refused: accounts.ofAccount(({ authorizationRefusedAt }) => authorizationRefusedAt === null),
      unisender_key_refused: accounts.ofAccount(({ unisenderBlock }) => unisenderBlock === null),
      unisender_not_enough_money: isWaitOver,
      unisender_access_denied: (alert) => accounts.isAccessAllowed(alert),
      kommo_payment_required: isWaitOver,
      webhook_missing: isActiveAgain,
      addresses_parked: makesProgress,
      gap_open: makesProgress,
      export_missing: makesProgress,
      account_waits: makesProgress,
      webhook_off: isActiveAgain,
      account_uninstalled: accounts.ofAccount(({ status }) => status !== 'disconnected'),
      lasting_pause: (alert) => accounts.isPauseOver(alert),
      run_failed: (alert) => accounts.hasCompletedRun(alert),
      run_waits_for_confirmation: (alert) => accounts.isConfirmed(alert),
      jobs_buried: (alert) => this.isTubeClean(alert),
      disk_nearly_full: (alert) => this.hasSpace(alert),
      // The worker that runs this check is alive.
      no_worker: () => Promise.resolve(true),
    };
  }

  /** Whether the cause of the alert has ended. Throws TransientError when that cannot be read now. */
  async hasEnded(alert: AlertEntity): Promise<boolean> {
    return this.checks[alert.kind](alert);
  }

  private async isTubeClean({ details: { tube } }: AlertEntity): Promise<boolean> {
    const statistics = await this.queue.listTubeStatistics();
    return statistics.every((each) => each.tube !== tube || each.buried === 0);
  }

  /** Only a process on the same machine can tell. */
  private async hasSpace({ details: { host }, raisedAt }: AlertEntity): Promise<boolean> {
    if (host !== hostname()) return this.clock.nowMs() - raisedAt > FORGOTTEN_AFTER_MS;
    const space = await this.disk.read();
    return space !== undefined && !isDiskNearlyFull(space);
  }
}
