import { Injectable } from '@nestjs/common';
import { AddressViewStore, type ListPosition, type ListedAddress, type ListedState } from '#database';
import { toIsoTime } from '#domain';

/** One address of one contact as the operator and the widget see it. Times are ISO 8601. */
export interface AddressView {
  /** Null for an address that no contact holds any more. */
  readonly contact_id: number | null;
  readonly email: string;
  readonly state: ListedState;
  /** Why it is in this state: Unisender's own code, or a code of ours. */
  readonly code: string | null;
  /** Unisender's reason. */
  readonly cause: string | null;
  /** How often Unisender refused it in succession. */
  readonly attempts: number;
  readonly since: string | null;
}

/** A part of the list, and where the next part begins. */
export interface AddressPage {
  readonly addresses: readonly AddressView[];
  readonly next: string | null;
}

const DEFAULT_LIMIT = 100;
const COLUMNS = ['contact_id', 'email', 'state', 'code', 'cause', 'attempts', 'since'] as const;
const START: ListPosition = { contactId: 0, email: '' };

const toView = ({ contactId, email, state, code, cause, attempts, since }: ListedAddress): AddressView => ({
  contact_id: contactId,
  email,
  state,
  code,
  cause,
  attempts,
  since: toIsoTime(since),
});

const toCursor = ({ contactId, email }: ListPosition): string => `${contactId ?? ''}:${email}`;

/** A text that is no cursor starts at the beginning. */
function toPosition(cursor: string | undefined): ListPosition {
  const [, id, email = ''] = /^(\d{0,16}):(.*)$/s.exec(cursor ?? '') ?? [];
  if (id === undefined) return START;
  return { contactId: id === '' ? null : Number(id), email };
}

/** A cell of a CSV file. One that a spreadsheet would take for a formula begins with an apostrophe. */
function toCell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lists the addresses of an account by state. */
@Injectable()
export class AddressViews {
  constructor(private readonly addresses: AddressViewStore) {}

  /** Lists one part; `after` is `next` of the part before. A part may be shorter than `limit` although more follow. */
  async list(
    accountId: number,
    { state, after, limit = DEFAULT_LIMIT }: { state?: ListedState | undefined; after?: string | undefined; limit?: number | undefined },
  ): Promise<AddressPage> {
    const { addresses, next } = await this.addresses.list(accountId, { state, after: toPosition(after), limit });
    return { addresses: addresses.map(toView), next: next ? toCursor(next) : null };
  }

  /** The part as CSV with a header. */
  toCsv({ addresses }: AddressPage): string {
    const lines = addresses.map((address) => COLUMNS.map((name) => toCell(address[name])).join(','));
    return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
  }
}
