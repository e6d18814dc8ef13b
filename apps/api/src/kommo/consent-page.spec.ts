import { describe, expect, it } from '@jest/globals';
import { consentPagePolicy, renderConsentPage } from './consent-page.js';

describe('the consent page', () => {
  it('escapes its inputs', () => {
    const hostile = '"><script>alert(1)</script>';
    const page = renderConsentPage(7, `https://kommo.test/?x=${hostile}`, {
      scriptUrl: 'https://kommo.test/b.js',
      className: hostile,
      attributes: { 'data-state': hostile },
    });
    expect(page).not.toContain('<script>');
    expect(page.match(/<script /g)).toHaveLength(1);
  });

  it('allows scripts of the origin of Kommo only', () => {
    expect(consentPagePolicy('https://kommo.test/b.js')).toContain('script-src https://kommo.test;');
  });

  it('allows one inline style sheet by its hash, and no inline script', () => {
    const policy = consentPagePolicy('https://kommo.test/b.js');
    expect(policy).not.toContain('unsafe');
    expect(policy).toMatch(/style-src 'sha256-[\w+/]{43}=' https:/);
  });

  it('cannot be framed', () => {
    expect(consentPagePolicy('https://kommo.test/b.js')).toContain("frame-ancestors 'none'");
  });
});
