import { itemsOf, textOf, type FormTree } from '../http/form.js';
import type { Switches } from '../switches.js';
import { isAddress, isAscii, isRoleAddress } from './address.js';
import {
  availabilities,
  joinList,
  leaveList,
  membershipOf,
  setField,
  settableStatuses,
  type Contact,
  type ContactStatus,
} from './contact.js';
import { parseIds, parseWords, type MethodCall } from './method-call.js';
import { invalidArgument, MethodError } from './responses.js';

interface LogItem {
  readonly index: string | number;
  readonly code: string;
  readonly message: string;
}

interface Counters {
  inserted: number;
  updated: number;
  deleted: number;
  new_emails: number;
  invalid: number;
}

type Cells = ReadonlyMap<string, string>;

const systemColumns = new Set([
  'delete',
  'tags',
  'email',
  'email_status',
  'email_availability',
  'email_list_ids',
  'email_subscribe_times',
  'email_unsubscribed_list_ids',
  'email_excluded_list_ids',
  'email_add_time',
  'email_confirm_time',
  'email_request_ip',
  'email_confirm_ip',
  'phone',
  'phone_status',
  'phone_availability',
  'phone_list_ids',
  'phone_subscribe_times',
  'phone_unsubscribed_list_ids',
  'phone_excluded_list_ids',
]);
const listColumns = ['email_list_ids', 'email_unsubscribed_list_ids', 'email_excluded_list_ids'];
const maxCustomFields = 50;
const maxTags = 10;

/** One importContacts call (reference unisender 4). */
export class ContactImport {
  private readonly counters: Counters = { inserted: 0, updated: 0, deleted: 0, new_emails: 0, invalid: 0 };
  private readonly log: LogItem[] = [];
  private readonly seen = new Set<string>();
  private readonly listCells = new Map<string, readonly number[]>();
  private readonly columns: string[];
  private readonly rows: readonly Cells[];
  private readonly overwriteTags: boolean;
  private readonly overwriteLists: boolean;
  /** The lists that each address joined, for the subscribe hook. */
  readonly joined: { email: string; listIds: number[] }[] = [];

  constructor(
    private readonly call: MethodCall,
    private readonly switches: Switches,
  ) {
    this.columns = this.readColumns();
    this.rows = this.readRows();
    this.overwriteTags = call.flag('overwrite_tags');
    this.overwriteLists = call.flag('overwrite_lists');
    this.checkLists();
    this.checkRefusals();
  }

  /** Imports the rows and returns the result of the method. */
  run(): Record<string, unknown> {
    for (const [index, cells] of this.rows.entries()) this.importRow(index, cells);
    return this.withLies({ total: this.rows.length, ...this.counters, ...this.logPart() });
  }

  private withLies(result: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { log, invalid, total, ...sums } = result;
    switch (this.switches.get('unisender.import_sums')) {
      case 'short_total':
        return { ...result, total: Math.max(0, Number(total) - 1) };
      case 'no_log':
        return { total, invalid, ...sums, log: [] };
      case 'no_sums':
        return { total };
      case 'no_invalid':
        return { total, ...sums, log };
      default:
        return result;
    }
  }

  /** Some addresses fail their whole call, as a control request orders. */
  private checkRefusals(): void {
    for (const cells of this.rows) {
      const code = this.call.account.refusalOf(cells.get('email') ?? '', 'call');
      if (code !== undefined) throw new MethodError(code, 'SB000000-11 [The call is refused]');
    }
  }

  private readColumns(): string[] {
    const columns = this.call.texts('field_names');
    if (!columns.includes('email')) throw invalidArgument("Argument 'field_names' must contain 'email'");
    const custom = columns.filter((column) => !systemColumns.has(column));
    if (custom.length > maxCustomFields) throw invalidArgument(`More than ${maxCustomFields} custom fields`);
    const known = new Set(this.call.account.fields.map(({ name }) => name));
    const unknown = custom.find((column) => !known.has(column));
    if (unknown !== undefined && this.switches.get('unisender.unknown_field') === 'invalid_arg')
      throw invalidArgument(`Unknown field '${unknown}'`);
    return columns.map((column) => (systemColumns.has(column) || known.has(column) ? column : ''));
  }

  private readRows(): Cells[] {
    const rows = itemsOf(this.call.args, 'data');
    if (rows.length === 0) throw invalidArgument("Argument 'data' is required");
    const max = this.switches.get('unisender.max_rows');
    if (rows.length > max && this.switches.get('unisender.over_max_rows') === 'invalid_arg')
      throw invalidArgument(`More than ${max} contacts`);
    return rows.slice(0, max).map((row) => (typeof row === 'string' ? new Map<string, string>() : this.cellsOf(row)));
  }

  private cellsOf(row: FormTree): Cells {
    const cells = new Map<string, string>();
    for (const [place, column] of this.columns.entries()) {
      const value = textOf(row, String(place));
      if (column !== '' && value !== undefined) cells.set(column, value);
    }
    return cells;
  }

  private checkLists(): void {
    if (this.switches.get('unisender.unknown_list') !== 'invalid_arg') return;
    const unknown = this.rows.flatMap((cells) => this.unknownLists(cells))[0];
    if (unknown !== undefined) throw invalidArgument(`List '${unknown}' not found`);
  }

  private unknownLists(cells: Cells): number[] {
    return listColumns.flatMap((column) => this.listsIn(cells, column)).filter((id) => !this.call.account.lists.has(id));
  }

  /** The ids of one list cell. Each text is parsed once, because most rows of a call name the same lists. */
  private listsIn(cells: Cells, column: string): readonly number[] {
    const text = cells.get(column) ?? '';
    const ids = this.listCells.get(text) ?? parseIds(text);
    this.listCells.set(text, ids);
    return ids;
  }

  private importRow(index: number, cells: Cells): void {
    const email = cells.get('email') ?? '';
    if (!this.isAccepted(email)) return this.reject(index, 'e_address__e_syntax', `Invalid address "${email}"`);
    const refusal = this.call.account.refusalOf(email, 'row');
    if (refusal !== undefined) return this.reject(index, refusal, 'Refused');
    if (this.call.account.refusalOf(email, 'silent') !== undefined) {
      this.counters.invalid += 1;
      return;
    }
    const key = this.switches.get('unisender.fold_case') ? email.toLowerCase() : email;
    const isCounted = !this.seen.has(key) || this.switches.get('unisender.count_duplicates');
    this.seen.add(key);
    if (cells.get('delete') === '1') return this.deleteRow(email, isCounted);
    if (this.switches.get('unisender.role_filter') && isRoleAddress(email)) {
      return this.reject(index, 'e_address__e_role', `Role address "${email}" is not imported`);
    }
    this.upsertRow(index, cells, isCounted);
  }

  private isAccepted(email: string): boolean {
    return isAddress(email) && (this.switches.get('unisender.unicode_addresses') || isAscii(email));
  }

  private deleteRow(email: string, isCounted: boolean): void {
    const contact = this.call.account.find(email);
    if (contact) this.call.account.remove(contact);
    if (isCounted && (contact || this.switches.get('unisender.count_unknown_deletes'))) this.counters.deleted += 1;
  }

  private upsertRow(index: number, cells: Cells, isCounted: boolean): void {
    const { account, nowSeconds } = this.call;
    const status = settableStatuses.find((option) => option === cells.get('email_status'));
    const existing = account.find(cells.get('email') ?? '');
    const contact = existing ?? account.add(cells.get('email') ?? '', status ?? 'new', nowSeconds);
    if (existing && status) this.changeStatus(existing, status);
    this.applyLists(contact, cells);
    this.applyCells(contact, cells);
    if (this.unknownLists(cells).length > 0 && this.switches.get('unisender.unknown_list') === 'log') {
      this.addLogItem(index, 'e_list__e_not_found', 'List not found');
    }
    if (!isCounted) return;
    this.counters[existing ? 'updated' : 'inserted'] += 1;
    if (contact.status === 'new') this.counters.new_emails += 1;
  }

  /** Only `active` and `inactive` can be changed. The change from `new` to `unsubscribed` is unconfirmed, so it is a switch. */
  private changeStatus(contact: Contact, status: ContactStatus): void {
    const isChangeable = contact.status === 'active' || contact.status === 'inactive';
    const isUnsubscribing = contact.status === 'new' && status === 'unsubscribed' && this.switches.get('unisender.new_to_unsubscribed');
    if (isChangeable || isUnsubscribing) contact.status = status;
  }

  private applyLists(contact: Contact, cells: Cells): void {
    const { account, nowSeconds } = this.call;
    if (this.overwriteLists) contact.memberships = [];
    const known = (column: string) => this.listsIn(cells, column).filter((id) => account.lists.has(id));
    if (this.switches.get('unisender.reimport_revives')) reviveLists(contact, known('email_list_ids'));
    const joined = known('email_list_ids').filter((id) => joinList(contact, id, nowSeconds));
    for (const id of known('email_unsubscribed_list_ids')) {
      joinList(contact, id, nowSeconds);
      const membership = membershipOf(contact, id);
      if (membership) membership.unsubscribed = true;
    }
    for (const id of known('email_excluded_list_ids')) leaveList(contact, id);
    if (joined.length > 0) this.joined.push({ email: contact.email, listIds: joined });
  }

  private applyCells(contact: Contact, cells: Cells): void {
    for (const [column, value] of cells) {
      const skipped = systemColumns.has(column) || (value === '' && this.switches.get('unisender.empty_cell') === 'keeps');
      if (!skipped) setField(contact, column, value);
    }
    const availability = availabilities.find((option) => option === cells.get('email_availability'));
    if (availability) contact.availability = availability;
    const tags = parseWords(cells.get('tags') ?? '').slice(0, maxTags);
    if (this.overwriteTags) contact.tags = tags;
    else if (tags.length > 0) contact.tags = [...new Set([...contact.tags, ...tags])];
    for (const tag of tags) this.call.account.ensureTag(tag);
  }

  private reject(index: number, code: string, message: string): void {
    this.counters.invalid += 1;
    this.addLogItem(index, code, message);
  }

  private addLogItem(index: number, code: string, message: string): void {
    const asText = this.switches.get('unisender.log_index') === 'string';
    this.log.push({ index: asText ? String(index) : index, code, message });
  }

  private logPart(): { log?: readonly LogItem[] | null } {
    const form = this.switches.get('unisender.empty_log');
    if (this.log.length > 0 || form === 'array') return { log: this.log };
    return form === 'null' ? { log: null } : {};
  }
}

function reviveLists(contact: Contact, listIds: readonly number[]): void {
  for (const membership of contact.memberships) if (listIds.includes(membership.listId)) membership.unsubscribed = false;
}
