import {
  AGREEING_CODES,
  AGREEMENT_MS,
  decidePause,
  decideVendorPause,
  type ErrorCode,
  findPauseScope,
  type Logger,
  type PauseScope,
  toIsoTime,
  TransientError,
  type Vendor,
  type VendorRefusal,
} from '#domain';
import type { PauseEntity } from '../entities/pause.entity.js';
import type { PauseStore } from '../stores/pause.store.js';

/** What Kommo's refusals pause for one account, and Unisender's for one key. Other pauses stop jobs, not requests. */
const REQUEST_CODES = [...AGREEING_CODES, 'kommo_forbidden', 'unisender_rate_limited'] as const;
/** A job tries again at least this often, so that it notices when an operator lifts the pause of a vendor. */
const LONGEST_RETRY_MS = 60_000;

const AGREEING_ACCOUNTS = 2;

const findRequestCode = ({ code }: PauseEntity) => REQUEST_CODES.find((each) => each === code);

const isAgreeing = (code: string): boolean => AGREEING_CODES.some((each) => each === code);

/** Pauses requests after refusals of a vendor, in every process. */
export class VendorPauses {
  /** Limiter keys with a refusal that has ended: the next request shows whether it is over. */
  private readonly retried = new Set<string>();

  constructor(
    private readonly pauses: PauseStore,
    private readonly logger: Logger,
  ) {}

  /** Throws TransientError while a limiter key is paused: `vendor_paused`, or the code of an account's, host's or key's pause. */
  async assertNotPaused(limiterKeys: readonly string[]): Promise<void> {
    const active = await this.pauses.findActive(limiterKeys.flatMap((key) => findPauseScope(key) ?? []));
    if (active.length === 0) return;
    const nowMs = await this.pauses.nowMs();
    const vendor = active.find(({ kind }) => kind === 'vendor');
    if (vendor) throw toError(vendor, 'vendor_paused', Math.min(vendor.until - nowMs, LONGEST_RETRY_MS));
    for (const pause of active) {
      if (pause.kind === 'method') this.assertMethodDue(pause, limiterKeys, nowMs);
      const code = findRequestCode(pause);
      if (code) throw toError(pause, code, pause.until - nowMs);
    }
  }

  /** Forgets the refusals of the key if this process has waited for their end. */
  async resume(limiterKey: string): Promise<void> {
    const scope = findPauseScope(limiterKey);
    if (!scope || !this.retried.delete(limiterKey)) return;
    await this.pauses.lift(scope);
    this.logger.info('requests allowed again', { scope: scope.kind, id: scope.id });
  }

  private assertMethodDue(pause: PauseEntity, limiterKeys: readonly string[], nowMs: number): void {
    if (pause.until > nowMs) throw toError(pause, 'unisender_access_denied', pause.until - nowMs);
    for (const key of limiterKeys) if (findPauseScope(key)?.kind === 'method') this.retried.add(key);
  }

  /** Pauses the scope of the key. Pauses the vendor as well when another known account was refused within a minute. */
  async refuse(limiterKey: string, refusal: VendorRefusal): Promise<void> {
    const scope = findPauseScope(limiterKey);
    if (!scope) return;
    const pause = await this.change(scope, refusal);
    if (scope.kind === 'account' && isAgreeing(refusal.code) && (await this.isAgreed(pause))) {
      await this.pauseVendor(vendorOf(limiterKey), pause);
    }
  }

  private async change(scope: PauseScope, refusal: VendorRefusal): Promise<PauseEntity> {
    const pause = await this.pauses.change(scope, refusal.code, (last, nowMs) => decidePause(last, refusal, nowMs));
    this.log('requests paused after a refusal', pause);
    return pause;
  }

  private async isAgreed({ since }: PauseEntity): Promise<boolean> {
    return (await this.pauses.countRefusedAccounts({ codes: AGREEING_CODES, sinceMs: since - AGREEMENT_MS })) >= AGREEING_ACCOUNTS;
  }

  private async pauseVendor(vendor: Vendor, { code, until }: PauseEntity): Promise<void> {
    const scope = { kind: 'vendor', id: vendor } as const;
    const pause = await this.pauses.change(scope, code, (last, nowMs) => decideVendorPause(last, until, nowMs));
    this.log('vendor paused: two accounts were refused', pause);
  }

  private log(event: string, { kind, id, code, until }: PauseEntity): void {
    this.logger.warn(event, { scope: kind, id, code, until: toIsoTime(until) });
  }
}

/** The vendor whose limit a key counts in. */
export const vendorOf = (limiterKey: string): Vendor => (limiterKey.startsWith('unisender') ? 'unisender' : 'kommo');

const toError = ({ id, code: cause, until }: PauseEntity, code: ErrorCode<'transient'>, retryAfterMs: number): TransientError =>
  new TransientError(`Requests to ${id} are paused until ${toIsoTime(until)}: ${cause}`, { code, retryAfterMs });
