import { toItems, toPositiveInteger, toText, valueAt } from '#domain';

/** A webhook of an account (reference/kommo.md 5.1). Kommo disables it when deliveries fail too often. */
export interface KommoWebhook {
  readonly webhookId: number | undefined;
  readonly destination: string;
  readonly isDisabled: boolean;
  readonly settings: readonly string[];
}

/** The events of contacts. A change of the responsible user is an update. */
export const CONTACT_WEBHOOK_SETTINGS: readonly string[] = ['add_contact', 'update_contact', 'delete_contact', 'restore_contact'];

/** Reads a webhook of a response; undefined when the value is not a webhook. */
export function findWebhook(item: unknown): KommoWebhook | undefined {
  const destination = toText(valueAt(item, 'destination'));
  if (destination === undefined) return undefined;
  return {
    webhookId: toPositiveInteger(valueAt(item, 'id')),
    destination,
    isDisabled: valueAt(item, 'disabled') === true,
    settings: toItems(valueAt(item, 'settings')).flatMap((setting) => toText(setting) ?? []),
  };
}

/** Whether the webhook is enabled for exactly these events. */
export function isActiveFor(webhook: KommoWebhook, settings: readonly string[]): boolean {
  const wanted = new Set(settings);
  const has = new Set(webhook.settings);
  return !webhook.isDisabled && wanted.size === has.size && [...wanted].every((setting) => has.has(setting));
}
