import { type AddressKind, addressKinds, toItems, toPositiveInteger, valueAt } from '#domain';

/** The kinds of e-mail addresses by the ids of their enums, which differ between accounts (reference/kommo.md 4.2). */
export function readEmailKinds(body: unknown): Record<string, AddressKind> {
  const fields = toItems(valueAt(body, '_embedded', 'custom_fields'));
  const email = fields.find((field) => valueAt(field, 'code') === 'EMAIL');
  const entries = toItems(valueAt(email, 'enums')).flatMap((item) => {
    const id = toPositiveInteger(valueAt(item, 'id'));
    const kind = addressKinds.find((name) => name === valueAt(item, 'code') || name === valueAt(item, 'value'));
    return id === undefined || kind === undefined ? [] : [[String(id), kind] as const];
  });
  return Object.fromEntries(entries);
}
