/** What a webhook of Kommo brought. Everything is stored. */
export interface KommoHookResponse {
  /** Events. */
  readonly accepted: number;
  /** Companies, other entities and unknown actions. */
  readonly ignored: number;
  /** Items that cannot be understood. */
  readonly unreadable: number;
}

/** What a webhook of Unisender brought. Everything is stored. */
export interface UnisenderHookResponse {
  readonly accepted: number;
}
