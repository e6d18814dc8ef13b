/** The full state of a contact as Kommo sent it, by webhook or by API. `ContactContent` is its part that matters under the settings. */
export interface ContactSnapshot {
  readonly contactId: number;
  /** Empty when the contact has none. */
  readonly name: string;
  /** The values of the field with code EMAIL, in Kommo's order, as typed: neither trimmed nor checked (reference/kommo.md 4.2). */
  readonly emails: readonly string[];
  /** Kommo's modification time in seconds. */
  readonly modifiedAtSeconds: number | undefined;
  /** In the trash, or part of an incoming lead that was not accepted (reference/kommo.md 7). */
  readonly isDeleted: boolean;
  readonly tags: readonly string[];
  /** First value of every other field, under its code (if it has one) and under its id as text. */
  readonly fields: Readonly<Record<string, string>>;
}
