/** A template that Kommo's twig.js has loaded. */
export interface Template {
  render(params: object): string;
}

/** What Kommo gives to `onSave`. */
export interface SaveEvent {
  /** `Y`: installed or saved. `N`: disabled. */
  readonly active: 'Y' | 'N';
  /** The entered settings by field code. Kommo stores what is left in them. */
  readonly fields: Record<string, string>;
}

/** The callbacks that Kommo calls (reference/kommo.md 6.3). */
export interface Callbacks {
  render(): boolean;
  init(): boolean;
  bind_actions(): boolean;
  settings(modalBody: JQuery): boolean;
  onSave(event: SaveEvent): true | Promise<boolean>;
  destroy(): void;
}

/** Block → key → text. */
export type Texts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The object that Kommo extends with its methods (reference/kommo.md 6.4). */
export interface KommoWidget {
  callbacks: Callbacks;
  readonly langs: Texts;
  get_settings(): { readonly widget_code: string; readonly path: string; readonly version: string; readonly oauth_client_uuid?: string };
  render(source: { href: string; base_path: string; v: string; load: (template: Template) => void }, params: object): unknown;
  $authorizedAjax(options: JQuery.AjaxSettings): JQuery.jqXHR;
}

interface KommoApp {
  constant(name: 'account'): { readonly id: number };
}

declare global {
  interface Window {
    readonly APP?: KommoApp;
    readonly AMOCRM?: KommoApp;
  }
}

/** The id of the account whose page this is. */
export function currentAccountId(): number {
  const app = window.APP ?? window.AMOCRM;
  return Number(app?.constant('account').id);
}
