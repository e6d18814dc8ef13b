import { describe, expect, it } from '@jest/globals';
import { JobLedger } from './job-ledger.js';

describe('JobLedger', () => {
  it('runs a job once at a time, and again when it has ended, well or not', async () => {
    const ledger = new JobLedger();
    let finish = () => {};
    const first = ledger.runOnce('0/1', () => new Promise((resolve) => (finish = resolve)));
    expect(await ledger.runOnce('0/1', async () => {})).toBe(false);
    expect(await ledger.runOnce('1/1', async () => {})).toBe(true);
    finish();
    expect(await first).toBe(true);
    await expect(ledger.runOnce('0/1', () => Promise.reject(new Error('as planned')))).rejects.toThrow('as planned');
    expect(await ledger.runOnce('0/1', async () => {})).toBe(true);
  });

  it('counts how often a job was put back, until it ends', () => {
    const ledger = new JobLedger();
    ledger.putBack('0/1');
    ledger.putBack('0/1');
    expect([ledger.holdsOf('0/1'), ledger.holdsOf('0/2')]).toEqual([2, 0]);
    ledger.forget('0/1');
    expect(ledger.holdsOf('0/1')).toBe(0);
  });

  it('remembers the last ten thousand', () => {
    const ledger = new JobLedger();
    for (let id = 0; id <= 10_000; id += 1) ledger.putBack(String(id));
    expect(['0', '1', '10000'].map((id) => ledger.holdsOf(id))).toEqual([0, 1, 1]);
  });
});
