import type { Texts } from './kommo';

type Values = Readonly<Record<string, string | number>>;

/** The texts, numbers and times of the user's language. */
export class Translator {
  private readonly language: string;

  constructor(private readonly texts: Texts) {
    this.language = texts['locale']?.['code'] ?? 'en';
  }

  /** Returns the text `block.key` with its values. An unknown key is returned as it is. */
  text(path: string, values: Values = {}): string {
    const [block = '', key = ''] = path.split('.');
    const text = this.texts[block]?.[key] ?? path;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => this.value(values[name]) ?? whole);
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

  private value(value: string | number | undefined): string | undefined {
    return typeof value === 'number' ? this.number(value) : value;
  }
}
