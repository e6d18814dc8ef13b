import { describe, expect, it } from '@jest/globals';
import { isKommoOrigin } from './widget-cors.js';

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
