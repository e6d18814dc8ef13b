import { toItems, toPositiveInteger, toText, valueAt } from '#domain';

/** A subscription of the account (reference/kommo.md 5.1). Kommo disables one by itself when its deliveries fail too often. */
export interface KommoWebhook {
  readonly webhookId: number | undefined;
  readonly destination: string;
  readonly isDisabled: boolean;
  readonly settings: readonly string[];
}

/** What a service that follows contacts subscribes to. A changed responsible user arrives as an update. */
export const contactWebhookSettings: readonly string[] = ['add_contact', 'update_contact', 'delete_contact', 'restore_contact'];

/** The webhook of an answer, or undefined when it is none. */
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

/** Whether it delivers exactly these kinds of events. */
export function isActiveFor(webhook: KommoWebhook, settings: readonly string[]): boolean {
  const wanted = new Set(settings);
  const has = new Set(webhook.settings);
  return !webhook.isDisabled && wanted.size === has.size && [...wanted].every((setting) => has.has(setting));
}
