import { toItems, toPositiveInteger, toText, valueAt } from '#domain';

/** A field of contacts. */
export interface KommoField {
  readonly fieldId: number;
  /** Only predefined fields have one. */
  readonly code: string | undefined;
  readonly name: string;
}

/** A user of an account, as a list shows it. */
export interface KommoUserName {
  readonly userId: number;
  readonly name: string;
}

/** Reads the fields of `GET /api/v4/contacts/custom_fields`. Skips items without an id. */
export const readContactFields = (body: unknown): KommoField[] =>
  toItems(valueAt(body, '_embedded', 'custom_fields')).flatMap((item) => {
    const fieldId = toPositiveInteger(valueAt(item, 'id'));
    const code = toText(valueAt(item, 'code'));
    return fieldId === undefined ? [] : [{ fieldId, code: code === '' ? undefined : code, name: toText(valueAt(item, 'name')) ?? '' }];
  });

/** Reads the names of `GET /api/v4/contacts/tags`. */
export const readTagNames = (body: unknown): string[] =>
  toItems(valueAt(body, '_embedded', 'tags')).flatMap((item) => toText(valueAt(item, 'name')) ?? []);

/** Reads the users of `GET /api/v4/users` (reference/kommo.md 4.7). Skips items without an id. */
export const readUserNames = (body: unknown): KommoUserName[] =>
  toItems(valueAt(body, '_embedded', 'users')).flatMap((item) => {
    const userId = toPositiveInteger(valueAt(item, 'id'));
    return userId === undefined ? [] : [{ userId, name: toText(valueAt(item, 'name')) ?? '' }];
  });
