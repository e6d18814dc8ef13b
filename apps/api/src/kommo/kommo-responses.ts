/** The saved integration. */
export interface IntegrationResponse {
  readonly client_id: string;
}

/** The saved integration and its account. */
export interface SetupResponse {
  readonly client_id: string;
  readonly account_id: number;
}

/** The account whose access was allowed. */
export interface ConnectedResponse {
  readonly account_id: number;
  readonly name: string;
}

/** One page of the contacts that an account has in Kommo. */
export interface KommoContactsResponse {
  readonly page: number;
  readonly limit: number;
  readonly has_next: boolean;
  readonly contacts: readonly KommoContact[];
}

/** A contact as Kommo has it. */
export interface KommoContact {
  readonly id: number;
  readonly name: string;
  /** As typed, in Kommo's order. `kind` is `WORK`, `PRIV`, `OTHER`, or the id of a kind in Kommo. */
  readonly emails: readonly { readonly value: string; readonly kind: string | number }[];
  /** Kommo's modification time in seconds. */
  readonly updated_at: number | null;
  readonly tags: readonly string[];
  /** First value of each field, under its code and under its id. */
  readonly fields: Readonly<Record<string, string>>;
}
