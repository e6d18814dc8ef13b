export { buildConsentButton, buildConsentUrl, type Consent, type ConsentButton, type ConsentMode } from './consent.js';
export { type ContactHook, readContactHook, type UnreadableItem } from './contact-hook.js';
export type { ContactPage } from './contact-reader.js';
export { type DisposableTokenCheck, findTokenClientId, verifyDisposableToken, type WidgetCaller } from './disposable-token.js';
export type { KommoAccount } from './kommo-account.js';
export { KOMMO_PAGE_LIMIT, KommoClient, type KommoGrant, type KommoSession } from './kommo-client.js';
export { KommoClientModule } from './kommo-client.module.js';
export {
  DisposableTokenRefusedError,
  KommoHostMovedError,
  KommoRedirectError,
  KommoTokenRefusedError,
  KommoUnauthorizedError,
} from './kommo-errors.js';
export { hasReservedLabel, type KommoHost, parseReferer } from './kommo-host.js';
export { KommoSettings, type KommoTimeouts } from './kommo-settings.js';
export type { KommoField, KommoUserName } from './kommo-choices.js';
export type { KommoUser } from './kommo-user.js';
export { CONTACT_WEBHOOK_SETTINGS, type KommoWebhook } from './kommo-webhook.js';
export type { AccessTokenClaims, TokenPair } from './token-pair.js';
export { verifyUninstallSignature } from './uninstall-signature.js';
