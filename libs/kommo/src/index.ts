export { buildConsentButton, buildConsentUrl, type Consent, type ConsentButton, type ConsentMode } from './consent.js';
export { type ContactHook, readContactHook, type UnreadableItem } from './contact-hook.js';
export { type DisposableTokenCheck, findTokenClientId, verifyDisposableToken, type WidgetCaller } from './disposable-token.js';
export type { KommoAccount } from './kommo-account.js';
export {
  type ContactPage,
  KOMMO_PAGE_LIMIT,
  KommoClient,
  type KommoClientOptions,
  type KommoGrant,
  type KommoSession,
  type KommoTimeouts,
} from './kommo-client.js';
export * from './kommo-errors.js';
export { type KommoHost, parseReferer } from './kommo-host.js';
export { contactWebhookSettings, type KommoWebhook } from './kommo-webhook.js';
export type { AccessTokenClaims, TokenPair } from './token-pair.js';
export { verifyUninstallSignature } from './uninstall-signature.js';
