import { describe, expect, it } from '@jest/globals';
import { consentPagePolicy, renderConsentPage } from './consent-page.js';
import { isKommoOrigin } from './widget-cors.js';

describe('the page with the button', () => {
  it('escapes whatever it is given', () => {
    const hostile = '"><script>alert(1)</script>';
    const page = renderConsentPage(7, `https://kommo.test/?x=${hostile}`, {
      scriptUrl: 'https://kommo.test/b.js',
      className: hostile,
      attributes: { 'data-state': hostile },
    });
    expect(page).not.toContain('<script>');
    expect(page.match(/<script /g)).toHaveLength(1);
  });

  it('lets no script run but that of its own origin', () => {
    expect(consentPagePolicy('https://kommo.test/b.js')).toContain('script-src https://kommo.test;');
  });

  it('cannot be framed', () => {
    expect(consentPagePolicy('https://kommo.test/b.js')).toContain("frame-ancestors 'none'");
  });
});

describe('isKommoOrigin', () => {
  it.each([
    ['https://a-1.kommo.com', true],
    ['https://a.amocrm.ru', true],
    ['https://kommo.com', false],
    ['https://a.b.kommo.com', false],
    ['https://akommo.com', false],
    ['https://a.kommo.com:8443', false],
    ['http://a.kommo.com', false],
    ['https://a.kommo.com.evil.test', false],
    ['null', false],
    ['', false],
  ])('%s: %s', (origin, expected) => {
    expect(isKommoOrigin(origin, ['kommo.com', 'amocrm.ru'])).toBe(expected);
  });
});
