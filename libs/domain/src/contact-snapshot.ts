/** The full current state of a contact as Kommo told it, by hook or by API. What the account's settings make of it is `ContactContent`. */
export interface ContactSnapshot {
  readonly contactId: number;
  /** Empty when Kommo gives none. */
  readonly name: string;
  /** The values of the field with code EMAIL, in Kommo's order, as typed: neither trimmed nor checked (reference/kommo.md 4.2). */
  readonly emails: readonly string[];
  /** Kommo's own modification time; resolution one second. */
  readonly modifiedAtSeconds: number | undefined;
  /** In the trash, or still part of an incoming lead that nobody accepted (reference/kommo.md 7). */
  readonly isDeleted: boolean;
  readonly tags: readonly string[];
  /** First value of every other field, under its code (if it has one) and under its id as text. */
  readonly fields: Readonly<Record<string, string>>;
}
