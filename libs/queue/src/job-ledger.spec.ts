import { describe, expect, it } from '@jest/globals';
import { JobLedger } from './held-job.js';

describe('JobLedger', () => {
  it('does not run a job that still runs, and runs it again after it has ended, with or without an error', async () => {
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

  it('counts the releases of a job until the job ends', () => {
    const ledger = new JobLedger();
    ledger.countRelease('0/1');
    ledger.countRelease('0/1');
    expect([ledger.releasesOf('0/1'), ledger.releasesOf('0/2')]).toEqual([2, 0]);
    ledger.forget('0/1');
    expect(ledger.releasesOf('0/1')).toBe(0);
  });

  it('remembers the last ten thousand jobs', () => {
    const ledger = new JobLedger();
    for (let id = 0; id <= 10_000; id += 1) ledger.countRelease(String(id));
    expect(['0', '1', '10000'].map((id) => ledger.releasesOf(id))).toEqual([0, 1, 1]);
  });
});
