import { type SealedColumn, type SealedValue, canaryColumn, sealedColumns } from '#database';
import { BugError } from '#domain';
import type { SyncContext } from '../context.js';
import { contextOf } from './sealed-place.js';

const BATCH = 200;
const PASSES = 5;
/** Whoever sealed a value before the key changed has committed it by then. */
const SETTLE_MS = 2_000;

/** What a rotation did. */
export interface KeyRotationReport {
  /** The key that seals now. */
  readonly keyId: string;
  readonly resealed: number;
  /** Values that other processes seal with another key all the time. */
  readonly remaining: number;
  /** `table.column:key` of values that none of our keys opens. */
  readonly unreadable: readonly string[];
  /** Whether every value is sealed with that key, so that the others may go. */
  readonly isComplete: boolean;
}

interface Pass {
  readonly found: number;
  readonly resealed: number;
  readonly unreadable: readonly string[];
}

/**
 * Seals everything anew with the current key while the service goes on. Every value is exchanged by itself and only if nobody
 * changed it meanwhile: a token that is refreshed at that moment wins, and is looked at again. May be cut off anywhere.
 */
export class KeyRotation {
  constructor(private readonly context: SyncContext) {}

  /** `report` is told how many values are done, after every batch. The canary comes last: until then the old key is asked for at start. */
  async run(report: (resealed: number) => void = () => {}): Promise<KeyRotationReport> {
    let resealed = 0;
    let pass = await this.pass((count) => report(count));
    for (let number = 2; number <= PASSES && (number === 2 || pass.found > 0); number += 1) {
      resealed += pass.resealed;
      const before = resealed;
      await this.context.clock.sleep(SETTLE_MS);
      pass = await this.pass((count) => report(before + count));
    }
    const isComplete = pass.found === 0 && pass.unreadable.length === 0;
    if (isComplete) await this.resealColumn(canaryColumn, () => {});
    return {
      keyId: this.context.keyring.currentKeyId,
      resealed: resealed + pass.resealed,
      remaining: pass.found,
      unreadable: pass.unreadable,
      isComplete,
    };
  }

  private async pass(report: (resealed: number) => void): Promise<Pass> {
    let sum: Pass = { found: 0, resealed: 0, unreadable: [] };
    for (const column of sealedColumns) {
      const before = sum.resealed;
      const { found, resealed, unreadable } = await this.resealColumn(column, (count) => report(before + count));
      sum = { found: sum.found + found, resealed: sum.resealed + resealed, unreadable: [...sum.unreadable, ...unreadable] };
    }
    return sum;
  }

  private async resealColumn(column: SealedColumn, report: (resealed: number) => void): Promise<Pass> {
    const { keyring, stores } = this.context;
    const unreadable: string[] = [];
    let found = 0;
    let resealed = 0;
    let after: string | number | undefined;
    for (;;) {
      const values = await stores.sealedValues.listWithout(column, keyring.currentPrefix, { after, limit: BATCH });
      for (const value of values) {
        const outcome = await this.reseal(column, value);
        if (outcome === 'unreadable') unreadable.push(contextOf(column, value));
        else found += 1;
        if (outcome === 'resealed') resealed += 1;
      }
      if (values.length > 0) report(resealed);
      if (values.length < BATCH) return { found, resealed, unreadable };
      after = values.at(-1)?.key;
    }
  }

  private async reseal(column: SealedColumn, value: SealedValue): Promise<'resealed' | 'changed' | 'unreadable'> {
    const { keyring, stores } = this.context;
    const context = contextOf(column, value);
    try {
      const text = keyring.decrypt(value.sealed, context).reveal();
      return (await stores.sealedValues.replace(column, value, keyring.encrypt(text, context))) ? 'resealed' : 'changed';
    } catch (error) {
      if (!(error instanceof BugError)) throw error;
      return 'unreadable';
    }
  }
}
