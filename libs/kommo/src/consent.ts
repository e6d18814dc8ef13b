/** `popup`: the main window goes to the redirect URI; `post_message`: the opened one does (reference/kommo.md 1.2). */
export type ConsentMode = 'popup' | 'post_message';

/** A consent to be asked for. */
export interface Consent {
  /** The consent page, e.g. `https://www.kommo.com/oauth`. */
  readonly oauthUrl: string;
  readonly clientId: string;
  readonly state: string;
  readonly mode?: ConsentMode;
}

/** What a page needs to show Kommo's own button. The values are not escaped. */
export interface ConsentButton {
  readonly scriptUrl: string;
  readonly className: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Where to send the administrator to allow access. The redirect URI and the scopes are the integration's own, never part of it. */
export function buildConsentUrl({ oauthUrl, clientId, state, mode = 'popup' }: Consent): string {
  const url = new URL(oauthUrl);
  for (const [name, value] of Object.entries({ client_id: clientId, state, mode })) url.searchParams.set(name, value);
  return url.href;
}

/** The same as a button of Kommo's (reference/kommo.md 1.1, 1.2); the Russian branch names its class differently. */
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
