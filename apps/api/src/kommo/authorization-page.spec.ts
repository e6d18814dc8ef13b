import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { authorizationPagePolicy, chooseLanguage, outcomeOf, renderAuthorizationPage, wantsPage } from './authorization-page.js';

describe('the page after an authorisation', () => {
  it.each([
    ['text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', true],
    ['application/json', false],
    ['*/*', false],
    [undefined, false],
  ])('is for callers that accept text/html (%s: %s)', (accept, expected) => {
    expect(wantsPage(accept)).toBe(expected);
  });

  it.each([
    ['ru-RU,ru;q=0.9,en;q=0.8', 'ru'],
    ['de, pt-BR;q=0.5, es;q=0.7', 'es'],
    ['de', 'en'],
    ['ru;q=0, pt', 'pt'],
    ['', 'en'],
    [undefined, 'en'],
  ])('has the language of the browser (%s: %s)', (header, expected) => {
    expect(chooseLanguage(header)).toBe(expected);
  });

  it('has a policy that allows its own style sheet by its hash, and nothing else', () => {
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(renderAuthorizationPage('connected', 'en')) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(authorizationPagePolicy).toContain(`default-src 'none'; style-src 'sha256-${hash}'; `);
    expect(authorizationPagePolicy).not.toContain('unsafe');
  });

  it('escapes the name of the account', () => {
    const page = renderAuthorizationPage('connected', 'en', '<script>alert("1")</script>');
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
  });

  it('names its language and says what to do', () => {
    const page = renderAuthorizationPage('expired', 'ru');
    expect(page).toContain('<html lang="ru">');
    expect(page).toContain('ещё раз');
  });

  it.each([
    ['kommo_code_refused', 400, 'expired'],
    ['rate_limited', 429, 'later'],
    ['database_unavailable', 503, 'later'],
    ['account_mismatch', 400, 'refused'],
  ] as const)('shows %s', (code, status, expected) => {
    expect(outcomeOf(code, status)).toBe(expected);
  });
});
