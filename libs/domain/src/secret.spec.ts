import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from './secret.js';

const TEXT = 'correct horse battery staple';
const secret = Secret.of(TEXT);

describe('Secret', () => {
  it('returns its text only from reveal', () => {
    expect(secret.reveal()).toBe(TEXT);
  });

  it.each<[string, string]>([
    ['String()', String(secret)],
    ['a template', `${secret.toString()}`],
    ['concatenation', '' + secret.toString()],
    ['JSON', JSON.stringify({ nested: [secret] })],
    ['util.inspect', inspect({ nested: [secret] }, { showHidden: true, depth: 9 })],
    ['a spread', JSON.stringify({ ...secret })],
    ['its keys', JSON.stringify([Object.getOwnPropertyNames(secret), Reflect.ownKeys(secret).map(String)])],
    ['a clone', inspect(structuredClone(secret))],
  ])('does not show its text in %s', (_way, printed) => {
    expect(printed).not.toContain('horse');
  });

  it('is printed as ***', () => {
    expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual(['***', '"***"', '***']);
  });

  it('matches its own text and no other', () => {
    expect([TEXT, `${TEXT} `, '', 'x'].map((text) => secret.matches(text))).toEqual([true, false, false, false]);
  });

  it('matches nothing when it is empty', () => {
    expect(Secret.of('').matches('')).toBe(false);
  });
});
