import { InvalidInputError, TransientError } from '#domain';
import type { KommoHost } from './kommo-host.js';

/** Kommo responded with 401: the access token has expired or was revoked. Refresh once and repeat once (reference/kommo.md 1.8). */
export class KommoUnauthorizedError extends InvalidInputError {
  constructor() {
    super('Kommo does not accept the access token', { code: 'kommo_unauthorized' });
  }
}

/** The token endpoint finally refused the code or the refresh token. `hint` is Kommo's reason (reference/kommo.md 1.4). */
export class KommoTokenRefusedError extends InvalidInputError {
  readonly hint: string;

  constructor(hint: string) {
    super(`Kommo refused the authorisation: ${hint}`, { code: 'kommo_token_refused' });
    this.hint = hint;
  }
}

/**
 * The token endpoint responded with 401 or 404 to a refresh: the account may have been renamed. Call `findCurrentHost`
 * (reference/kommo.md 1.7).
 */
export class KommoHostMovedError extends InvalidInputError {
  constructor(hint: string) {
    super(`Kommo does not know the account under this host: ${hint}`, { code: 'kommo_host_moved' });
  }
}

/**
 * Kommo redirected a call of an account to the host of an account: this one may have been renamed. Nothing was sent to `host`, which
 * is under an allowed domain. Show that the account is there before its host is stored.
 */
export class KommoRedirectError extends TransientError {
  readonly host: KommoHost;

  constructor(host: KommoHost) {
    super(`Kommo redirects the call to ${host}`, { code: 'kommo_redirected' });
    this.host = host;
  }
}

/** The `X-Auth-Token` of a widget request is not valid. */
export class DisposableTokenRefusedError extends InvalidInputError {
  constructor(reason: string) {
    super(`The widget token was refused: ${reason}`, { code: 'widget_token_refused' });
  }
}
