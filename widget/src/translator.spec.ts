import { describe, expect, it } from '@jest/globals';
import { Translator } from './translator';

const addresses: Readonly<Record<string, string>> = {
  en: 'removes {count, plural, one {# address} other {# addresses}} now',
  es: 'quita {count, plural, one {# dirección} other {# direcciones}}',
  pt: '{count, plural, one {# endereço será removido} other {# endereços serão removidos}}',
  ru: '{count, plural, one {# адрес} few {# адреса} many {# адресов} other {# адреса}}',
};

describe('a text with a number', () => {
  it.each<[string, number, string]>([
    ['en', 1, 'removes 1 address now'],
    ['en', 2, 'removes 2 addresses now'],
    ['en', 1_000, 'removes 1,000 addresses now'],
    ['es', 1, 'quita 1 dirección'],
    ['es', 1_000_000, 'quita 1.000.000 direcciones'],
    ['pt', 1, '1 endereço será removido'],
    ['pt', 5, '5 endereços serão removidos'],
    ['ru', 1, '1 адрес'],
    ['ru', 21, '21 адрес'],
    ['ru', 3, '3 адреса'],
    ['ru', 11, '11 адресов'],
    ['ru', 25, '25 адресов'],
  ])('has the plural form of %s for %d', (language, count, expected) => {
    const texts = { locale: { code: language }, save: { removal: addresses[language] ?? '' } };
    expect(new Translator(texts).text('save.removal', { count })).toBe(expected);
  });

  it('keeps the mark of a value that is not given', () => {
    const translator = new Translator({ save: { plain: '{name} of {total}', plural: '{count, plural, other {# addresses}}' } });
    expect(translator.text('save.plain', { name: 'one' })).toBe('one of {total}');
    expect(translator.text('save.plural')).toBe('{count, plural, other {# addresses}}');
  });
});
