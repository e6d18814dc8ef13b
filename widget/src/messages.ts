import { Refusal } from './service';
import type { Translator } from './translator';

/** Codes of the service → texts. */
const texts: Readonly<Record<string, string>> = {
  unisender_key_refused: 'errors.key_refused',
  account_unknown: 'errors.not_connected',
  pending_authorization: 'errors.not_connected',
  reauthorization_required: 'errors.not_connected',
  disconnected: 'errors.not_connected',
  administrator_required: 'errors.administrator_required',
  widget_token_refused: 'errors.token_refused',
  no_integration: 'errors.token_refused',
  run_active: 'errors.run_active',
  unavailable: 'errors.unavailable',
  unisender_unavailable: 'errors.unavailable',
  kommo_unavailable: 'errors.unavailable',
};

/** The text for an error, in the user's language. */
export function messageOf(error: unknown, translator: Translator): string {
  if (!(error instanceof Refusal)) return translator.text('errors.unavailable');
  const [field] = error.fields;
  if (field?.startsWith('settings.')) return translator.text('errors.setting_invalid', { field: field.slice('settings.'.length) });
  return translator.text(texts[error.code] ?? 'errors.other', { code: error.code });
}

/** Whether the error is about the key. */
export const isAboutKey = (error: unknown): boolean =>
  error instanceof Refusal && (error.code === 'unisender_key_refused' || error.fields.includes('unisender_key'));
