import { describe, expect, it } from '@jest/globals';
import { TransientError, type VendorCall } from '#domain';
import { countCall } from './http-client.js';

describe('countCall', () => {
  const calls: VendorCall[] = [];
  const meter = { countCall: (call: VendorCall) => calls.push(call), countJob: () => {} };
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, sleep: async () => {} };
  const counted = { vendor: 'kommo', meter, clock } as const;
  const takeMs = (durationMs: number) => {
    nowMs += durationMs;
  };

  it('counts a result and a failed call with their codes and durations', async () => {
    const succeed = async () => takeMs(20);
    await countCall(counted, 'GET /a', succeed, () => '204');
    const fail = async () => {
      takeMs(5);
      throw new TransientError('no response', { code: 'kommo_unavailable' });
    };
    await expect(countCall(counted, 'GET /b', fail, () => '200')).rejects.toMatchObject({ code: 'kommo_unavailable' });
    expect(calls).toEqual([
      { vendor: 'kommo', method: 'GET /a', code: '204', durationMs: 20 },
      { vendor: 'kommo', method: 'GET /b', code: 'kommo_unavailable', durationMs: 5 },
    ]);
  });
});
