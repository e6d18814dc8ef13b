import { systemClock } from '#clock';
import { eventually } from '../support/built-process.js';
import type { ServiceAccount } from '../support/service-account.js';
import type { Cluster } from './cluster.js';
import { HookSender } from './hook-sender.js';
import type { Part } from './part.js';

/** What was seen while one part was restarted or killed. */
export interface Observation {
  readonly part: string;
  readonly action: 'restart' | 'kill -9';
  /** Responses other than 200, and requests without a response. */
  readonly refused: number;
  /** Until the part served again. */
  readonly servedAfterMs: number;
  /** Until the contact of a later webhook was in Unisender. */
  readonly pushedAfterMs: number;
}

/** The result of all trials. */
export interface TrialResult {
  readonly observations: readonly Observation[];
  readonly sent: number;
  /** How often each result was received. */
  readonly results: string;
  readonly acknowledged: number;
  /** E-mail addresses of acknowledged webhooks that are not on the list in Unisender. */
  readonly lost: readonly string[];
}

/** How to try a cluster. */
export interface TrialOptions {
  readonly hooksPerSecond: number;
  /** Parts to kill with SIGKILL after the rolling restart. */
  readonly partsToKill: readonly Part[];
  readonly onObservation?: (observation: Observation) => void;
}

/** Restarts and kills parts of a cluster while webhooks arrive, and looks for lost ones. */
export class Trials {
  private readonly observations: Observation[] = [];

  private constructor(
    private readonly cluster: Cluster,
    private readonly account: ServiceAccount,
    private readonly sender: HookSender,
    private readonly options: TrialOptions,
  ) {}

  /** Restarts the APIs and workers, one of each at a time, then kills parts and starts them again. */
  static async run(cluster: Cluster, options: TrialOptions): Promise<TrialResult> {
    const { account, hookUrl } = await cluster.connectAccount();
    const sender = new HookSender(account, hookUrl, options.hooksPerSecond);
    const trials = new Trials(cluster, account, sender, options);
    sender.start();
    await trials.untilPushed();
    await trials.restartEach();
    await trials.killEach();
    await sender.finish();
    return trials.judge();
  }

  private async restartEach(): Promise<void> {
    const { apis, workers } = this.cluster;
    for (let index = 0; index < Math.max(apis.length, workers.length); index += 1) {
      const parts = [apis[index], workers[index]].filter((part) => part !== undefined);
      await Promise.all(parts.map((part) => this.observe(part, 'restart', () => part.stop())));
    }
  }

  private async killEach(): Promise<void> {
    for (const part of this.options.partsToKill) await this.observe(part, 'kill -9', () => part.kill());
  }

  private async observe(part: Part, action: Observation['action'], end: () => Promise<void>): Promise<void> {
    const { refused } = this.sender.attempts;
    const beganMs = systemClock.nowMs();
    await end();
    await part.start();
    await this.cluster.untilBalanced();
    const servedAfterMs = systemClock.nowMs() - beganMs;
    await this.untilPushed();
    const pushedAfterMs = systemClock.nowMs() - beganMs;
    const observation = { part: part.name, action, refused: this.sender.attempts.refused - refused, servedAfterMs, pushedAfterMs };
    this.observations.push(observation);
    this.options.onObservation?.(observation);
  }

  /** Waits until the contact of a webhook that is acknowledged from now on is in Unisender. */
  private async untilPushed(): Promise<void> {
    const { acknowledged } = this.sender;
    const next = acknowledged.length;
    const contact = await eventually('an acknowledged webhook', () => acknowledged[next]);
    await eventually(`${contact.email} in Unisender`, () => this.isHeld(contact.email));
  }

  private async isHeld(email: string): Promise<boolean> {
    const path = `/unisender/accounts/${this.account.unisenderKey}/contacts?email=${encodeURIComponent(email)}`;
    return (await this.cluster.control.get<unknown[]>(path)).length > 0;
  }

  private async judge(): Promise<TrialResult> {
    await this.account.untilQuiet();
    const onList = await this.account.onList();
    const { acknowledged, attempts } = this.sender;
    return {
      observations: this.observations,
      sent: attempts.sent,
      results: this.sender.describeResults(),
      acknowledged: acknowledged.length,
      lost: acknowledged.filter(({ email, name }) => onList.get(email) !== name).map(({ email }) => email),
    };
  }
}
