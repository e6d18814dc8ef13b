import { describe, expect, it } from '@jest/globals';
import { buildConsentButton, buildConsentUrl } from './consent.js';

const consent = { oauthUrl: 'https://www.kommo.com/oauth', clientId: 'c-1', state: 'a.b+c' };

describe('the consent page', () => {
  it('has a URL with client id, state and mode', () => {
    expect(buildConsentUrl(consent)).toBe('https://www.kommo.com/oauth?client_id=c-1&state=a.b%2Bc&mode=popup');
  });

  it("has Kommo's button, with another class name on amocrm.ru", () => {
    expect(buildConsentButton(consent, 'Connect')).toMatchObject({
      scriptUrl: 'https://www.kommo.com/auth/button.min.js',
      className: 'kommo_oauth',
      attributes: { 'data-client-id': 'c-1', 'data-title': 'Connect', 'data-state': 'a.b+c', 'data-mode': 'popup' },
    });
    const russian = buildConsentButton({ ...consent, oauthUrl: 'https://www.amocrm.ru/oauth' }, 'Connect');
    expect(russian).toMatchObject({ scriptUrl: 'https://www.amocrm.ru/auth/button.min.js', className: 'amocrm_oauth' });
  });
});
