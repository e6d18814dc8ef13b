import { describe, expect, it } from '@jest/globals';
import { alertRetryDelayMs, alerts, toAlertText } from './alert.js';

const DAY_MS = 24 * 3_600_000;

describe('alerts', () => {
  it.each([
    [1, 30_000],
    [2, 60_000],
    [3, 120_000],
    [8, 3_600_000],
    [2_000, 3_600_000],
  ])('wait after delivery attempt %p for %p ms', (attempt, delayMs) => {
    expect(alertRetryDelayMs(attempt)).toBe(delayMs);
  });

  it('say in one sentence what to do', () => {
    expect(toAlertText(alerts.reauthorizationRequired(7, 2))).toBe(
      'Kommo refuses the access to account 7: open /auth?id=7 and allow it again.',
    );
    expect(toAlertText(alerts.jobsBuried('imports', 'kommo_rejected', 0))).toContain('tube imports');
  });

  it('have one key per occasion', () => {
    expect(alerts.jobsBuried('imports', 'kommo_rejected', 1).key).toBe(alerts.jobsBuried('imports', 'kommo_rejected', 3_599_999).key);
    expect(alerts.jobsBuried('imports', 'kommo_rejected', 1).key).not.toBe(alerts.jobsBuried('imports', 'kommo_rejected', 3_600_000).key);
    expect(alerts.unisenderKeyRefused(7, 'kommo_rejected', 1).key).not.toBe(alerts.unisenderKeyRefused(7, 'kommo_rejected', DAY_MS).key);
    expect(alerts.reauthorizationRequired(7, 1).key).not.toBe(alerts.reauthorizationRequired(7, 2).key);
  });
});
