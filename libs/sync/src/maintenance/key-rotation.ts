import { Injectable } from '@nestjs/common';
import { type SealedColumn, type SealedValue, SealedValueStore, canaryColumn, sealedColumns } from '#database';
import { BugError, Clock } from '#domain';
import { Keyring } from '#secrets';
import { sealedValueContext } from '../tokens/sealing.js';

const BATCH = 200;
const PASSES = 5;
/** A process that encrypted a value with the old key before it got the new one has committed after this time. */
const SETTLE_MS = 2_000;

/** The result of a rotation. */
export interface KeyRotationReport {
  /** The current key. */
  readonly keyId: string;
  readonly resealed: number;
  /** Values that other processes still encrypt with another key. */
  readonly remaining: number;
  /** `table.column:key` of values that no known key decrypts. */
  readonly unreadable: readonly string[];
  /** Whether every value is encrypted with the current key, so that the other keys can be removed. */
  readonly isComplete: boolean;
}

interface Pass {
  readonly found: number;
  readonly resealed: number;
  readonly unreadable: readonly string[];
}

type Report = (resealed: number) => void;

/**
 * Encrypts every sealed value again with the current key while the service runs. Replaces a value only if it has not changed since it
 * was read: a token that another process has refreshed stays, and the next pass reads it again. Safe to interrupt and to repeat.
 */
@Injectable()
export class KeyRotation {
  constructor(
    private readonly sealedValues: SealedValueStore,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs up to five passes. Calls `report` with the number of values after each batch. Replaces the canary last: until then the check
   * at the start demands the old key.
   */
  async run(report: Report = () => {}): Promise<KeyRotationReport> {
    let resealed = 0;
    let pass = await this.resealAll((count) => report(count));
    for (let number = 2; number <= PASSES && (number === 2 || pass.found > 0); number += 1) {
      resealed += pass.resealed;
      const before = resealed;
      await this.clock.sleep(SETTLE_MS);
      pass = await this.resealAll((count) => report(before + count));
    }
    const isComplete = pass.found === 0 && pass.unreadable.length === 0;
    if (isComplete) await this.resealColumn(canaryColumn, () => {});
    return {
      keyId: this.keyring.currentKeyId,
      resealed: resealed + pass.resealed,
      remaining: pass.found,
      unreadable: pass.unreadable,
      isComplete,
    };
  }

  private async resealAll(report: Report): Promise<Pass> {
    let sum: Pass = { found: 0, resealed: 0, unreadable: [] };
    for (const column of sealedColumns) {
      const before = sum.resealed;
      const { found, resealed, unreadable } = await this.resealColumn(column, (count) => report(before + count));
      sum = { found: sum.found + found, resealed: sum.resealed + resealed, unreadable: [...sum.unreadable, ...unreadable] };
    }
    return sum;
  }

  private async resealColumn(column: SealedColumn, report: Report): Promise<Pass> {
    const unreadable: string[] = [];
    let found = 0;
    let resealed = 0;
    let after: string | number | undefined;
    for (;;) {
      const values = await this.sealedValues.listWithout(column, this.keyring.currentPrefix, { after, limit: BATCH });
      for (const value of values) {
        const outcome = await this.reseal(column, value);
        if (outcome === 'unreadable') unreadable.push(sealedValueContext(column, value));
        else found += 1;
        if (outcome === 'resealed') resealed += 1;
      }
      if (values.length > 0) report(resealed);
      if (values.length < BATCH) return { found, resealed, unreadable };
      after = values.at(-1)?.key;
    }
  }

  private async reseal(column: SealedColumn, value: SealedValue): Promise<'resealed' | 'changed' | 'unreadable'> {
    const context = sealedValueContext(column, value);
    try {
      const text = this.keyring.decrypt(value.sealed, context).reveal();
      const isReplaced = await this.sealedValues.replace(column, value, this.keyring.encrypt(text, context));
      return isReplaced ? 'resealed' : 'changed';
    } catch (error) {
      if (!(error instanceof BugError)) throw error;
      return 'unreadable';
    }
  }
}
