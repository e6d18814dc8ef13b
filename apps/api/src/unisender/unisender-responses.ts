/** One address in Unisender. */
export interface FoundContactResponse {
  readonly found: boolean;
  readonly contact: FoundContact | null;
}

/** An address as Unisender has it. */
export interface FoundContact {
  readonly email: string;
  /** `new`, `invited`, `active`, `inactive`, `unsubscribed`, `blocked` or `activation_requested`. */
  readonly status: string;
  readonly availability?: string | undefined;
  /** When the Unisender account got the address, in epoch milliseconds. */
  readonly addedAtMs?: number | undefined;
  readonly lists: readonly { readonly id: number; readonly status: string }[];
  readonly fields: Readonly<Record<string, string>>;
}

/** What became of each address, in the order of the request. */
export interface ChangedContactsResponse {
  readonly results: readonly ChangedContact[];
}

/** What became of one address. */
export interface ChangedContact {
  readonly email: string;
  readonly result: 'done' | 'skipped' | 'failed';
  /** `waiting`: it is done later, by itself. */
  readonly reason: 'unsubscribed' | 'blocked' | 'preexisting' | 'held_by_contact' | 'invalid' | 'waiting' | null;
}
