import { type ArchiveContent, type Finding, type Rule, textsOf, valueAt } from '../archive-content.js';

const MAX_NAME = 30;
const MAX_NAME_WORD = 19;
const MAX_SHORT_DESCRIPTION = 50;
const MAX_DESCRIPTION = 400;
/** `Service by Company` or `Service via Company`. */
const NAME_FORM = /^\S.* (by|via) .*\S$/;

/** `{count, plural, one {# address} other {# addresses}}` */
const PLURAL = /\{(\w+), plural,((?:\s*\w+ \{[^{}]*\})+)\s*\}/g;

/** Whole numbers below a million that show every category of a language. Spanish and Portuguese have another one for millions. */
const COUNTS = [0, 1, 2, 5, 11, 21, 22, 25, 100];

const fileOf = (locale: string) => `i18n/${locale}.json`;

type Texts = ReadonlyMap<string, string>;

/** Checks the texts of each locale. */
const inEachLocale =
  (check: (texts: Texts, content: ArchiveContent) => readonly string[]): Rule =>
  (content) =>
    content.locales.flatMap((locale) => {
      const texts = textsOf(content.json(fileOf(locale)));
      return check(texts, content).map((message): Finding => ({ place: fileOf(locale), message }));
    });

const nameOf = (texts: Texts) => texts.get('widget.name') ?? '';

const limit = (texts: Texts, key: string, max: number): string[] =>
  (texts.get(key) ?? '').length > max ? [`${key} must have at most ${max} characters`] : [];

/** The categories of the plural that a text must have in a language. */
const pluralCategories = (locale: string): string[] => [
  ...new Set([...COUNTS.map((count) => new Intl.PluralRules(locale).select(count)), 'other']),
];

function missingPlurals(texts: Texts): string[] {
  const categories = pluralCategories(texts.get('locale.code') ?? 'en');
  return [...texts].flatMap(([key, text]) =>
    [...text.matchAll(PLURAL)].flatMap(([, , forms = '']) =>
      categories
        .filter((category) => !new RegExp(`\\b${category} \\{`).test(forms))
        .map((category) => `the text ${key} has no plural ${category}`),
    ),
  );
}

/** The keys of texts that the manifest names. */
function manifestKeys({ manifest }: ArchiveContent): string[] {
  const settings = Object.values(manifest['settings'] ?? {}).map((setting) => valueAt(setting, 'name'));
  const names = ['name', 'description', 'short_description'].map((name) => valueAt(manifest, 'widget', name));
  const others = [valueAt(manifest, 'advanced', 'title'), valueAt(manifest, 'tour', 'tour_description')];
  return [...names, ...settings, ...others].filter((key): key is string => typeof key === 'string');
}

/** Rules about the texts in i18n. */
export const textRules: Readonly<Record<string, Rule>> = {
  'locale-files': (content) => {
    const files = content.names.filter((name) => name.startsWith('i18n/'));
    const expected = content.locales.map(fileOf);
    return [
      ...expected
        .filter((name) => content.json(name) === undefined)
        .map((place) => ({ place, message: 'must be a JSON object: the manifest lists this locale' })),
      ...files.filter((name) => !expected.includes(name)).map((place) => ({ place, message: 'belongs to no locale of the manifest' })),
    ];
  },
  'same-keys': (content) => {
    const all = new Set(content.locales.flatMap((locale) => [...textsOf(content.json(fileOf(locale))).keys()]));
    return inEachLocale((texts) => [...all].filter((key) => !texts.has(key)).map((key) => `the text ${key} is missing`))(content);
  },
  'same-values-in-texts': (content) => {
    const marks = (text = '') => (text.replace(PLURAL, '{$1}').match(/\{\w+\}/g) ?? []).sort().join(' ');
    const first = textsOf(content.json(fileOf(content.locales[0] ?? '')));
    const differs = (texts: Texts) => [...texts].filter(([key, text]) => first.has(key) && marks(text) !== marks(first.get(key)));
    return inEachLocale((texts) => differs(texts).map(([key]) => `the text ${key} must name the same values as in the first locale`))(
      content,
    );
  },
  'plural-forms': inEachLocale(missingPlurals),
  'no-empty-texts': inEachLocale((texts) => [...texts].filter(([, text]) => text.trim() === '').map(([key]) => `the text ${key} is empty`)),
  'manifest-texts': inEachLocale((texts, content) =>
    manifestKeys(content)
      .filter((key) => !texts.has(key))
      .map((key) => `the text ${key} of the manifest is missing`),
  ),
  'name-length': inEachLocale((texts) => limit(texts, 'widget.name', MAX_NAME)),
  'name-words': inEachLocale((texts) =>
    nameOf(texts)
      .split(/\s+/)
      .some((word) => word.length > MAX_NAME_WORD)
      ? [`a word of widget.name must have at most ${MAX_NAME_WORD} characters`]
      : [],
  ),
  'name-form': inEachLocale((texts) =>
    NAME_FORM.test(nameOf(texts)) ? [] : ['widget.name must have the form "Service by Company" or "Service via Company"'],
  ),
  'name-without-kommo': inEachLocale((texts) =>
    /kommo|amocrm/i.test(nameOf(texts)) ? ['widget.name must not contain the name of Kommo'] : [],
  ),
  'short-description-length': inEachLocale((texts) => limit(texts, 'widget.short_description', MAX_SHORT_DESCRIPTION)),
  'description-length': inEachLocale((texts) => limit(texts, 'widget.description', MAX_DESCRIPTION)),
};
