import type { Texts } from './kommo';

type Values = Readonly<Record<string, string | number>>;

/** `{name}`, or `{name, plural, one {# address} other {# addresses}}` with the categories of the language: a part of ICU MessageFormat. */
const VALUE = /\{(\w+)(?:, plural,((?:\s*\w+ \{[^{}]*\})+)\s*)?\}/g;
const FORM = /(\w+) \{([^{}]*)\}/g;

/** The texts, numbers and times of the user's language. */
export class Translator {
  private readonly language: string;

  constructor(private readonly texts: Texts) {
    this.language = texts['locale']?.['code'] ?? 'en';
  }

  /** Returns the text `block.key` with its values, in the plural form of a number. An unknown key is returned as it is. */
  text(path: string, values: Values = {}): string {
    const [block = '', key = ''] = path.split('.');
    const text = this.texts[block]?.[key] ?? path;
    return text.replace(VALUE, (whole, name: string, forms?: string) => this.value(values[name], forms) ?? whole);
  }

  has(path: string): boolean {
    const [block = '', key = ''] = path.split('.');
    return this.texts[block]?.[key] !== undefined;
  }

  /** The texts of a block, for a template. */
  block(name: string): Readonly<Record<string, string>> {
    return this.texts[name] ?? {};
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.language).format(value);
  }

  /** Date and time in the time zone of the browser. */
  time(iso: string): string {
    return new Intl.DateTimeFormat(this.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
  }

  duration(seconds: number): string {
    const minutes = Math.ceil(seconds / 60);
    if (seconds < 60) return this.text('status.eta_under_minute');
    if (minutes < 60) return this.text('status.eta_minutes', { minutes });
    return this.text('status.eta_hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
  }

  private value(value: string | number | undefined, forms: string | undefined): string | undefined {
    if (typeof value !== 'number') return value;
    if (forms === undefined) return this.number(value);
    const byCategory = new Map([...forms.matchAll(FORM)].map(([, category = '', form = '']) => [category, form] as const));
    const form = byCategory.get(new Intl.PluralRules(this.language).select(value)) ?? byCategory.get('other');
    return form?.replace(/#/g, this.number(value));
  }
}
