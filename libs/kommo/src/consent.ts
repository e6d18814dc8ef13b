/** Which window loads the redirect URI: `popup` the main window, `post_message` the opened one (reference/kommo.md 1.2). */
export type ConsentMode = 'popup' | 'post_message';

/** The parameters of a consent page. */
export interface Consent {
  /** URL of the page, e.g. `https://www.kommo.com/oauth`. */
  readonly oauthUrl: string;
  readonly clientId: string;
  readonly state: string;
  readonly mode?: ConsentMode;
}

/** The parts of Kommo's own button for a page. The values are not escaped. */
export interface ConsentButton {
  readonly scriptUrl: string;
  readonly className: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Builds the URL on which an administrator allows access. Kommo takes redirect URI and scopes from the integration, not from the URL. */
export function buildConsentUrl({ oauthUrl, clientId, state, mode = 'popup' }: Consent): string {
  const url = new URL(oauthUrl);
  for (const [name, value] of Object.entries({ client_id: clientId, state, mode })) url.searchParams.set(name, value);
  return url.href;
}

/** Builds Kommo's own button for the same page (reference/kommo.md 1.1, 1.2). Its class name differs on amocrm.ru. */
export function buildConsentButton({ oauthUrl, clientId, state, mode = 'popup' }: Consent, title: string): ConsentButton {
  const { origin, hostname } = new URL(oauthUrl);
  return {
    scriptUrl: `${origin}/auth/button.min.js`,
    className: hostname.endsWith('.amocrm.ru') ? 'amocrm_oauth' : 'kommo_oauth',
    attributes: {
      charset: 'utf-8',
      'data-client-id': clientId,
      'data-title': title,
      'data-compact': 'false',
      'data-theme': 'light',
      'data-state': state,
      'data-mode': mode,
    },
  };
}
