import { ControlError } from '../control-error.js';
import { jsonResponse, type HttpResponse } from '../http/message.js';
import type { Router } from '../http/router.js';
import type { KommoAccount } from '../kommo/account.js';
import { contactView } from '../kommo/contact-view.js';
import type { Contact, EntityType } from '../kommo/contact.js';
import type { KommoEmulator } from '../kommo/kommo-emulator.js';
import { seededRandom } from '../random.js';
import { contactOfPerson, readContact } from './contact-shorthand.js';
import { Input, type ControlHandler, type ControlRequest } from './control-request.js';
import { generatePerson } from './generator.js';

const folders = { contact: 'contacts', company: 'companies' } as const;
const maxGenerated = 5_000_000;
const defaultPage = 250;

/** `/sandbox/kommo/accounts/:id/contacts…`, and the same for companies: actions of people in Kommo's user interface. */
export class KommoContactsControl {
  constructor(
    private readonly kommo: KommoEmulator,
    private readonly accountOf: (request: ControlRequest) => KommoAccount,
  ) {}

  /** Adds the routes. */
  register(router: Router<ControlHandler>): void {
    for (const type of ['contact', 'company'] as const) {
      const folder = `/sandbox/kommo/accounts/:id/${folders[type]}`;
      router
        .add('POST', folder, (request) => this.create(request, type))
        .add('GET', folder, (request) => this.list(request, type))
        .add('GET', `${folder}/:cid`, (request) => jsonResponse(contactView(this.accountOf(request), this.contactOf(request, type))))
        .add('PATCH', `${folder}/:cid`, (request) => this.update(request, type))
        .add('DELETE', `${folder}/:cid`, (request) => this.trash(request, type))
        .add('POST', `${folder}/:cid/restore`, (request) => this.restore(request, type))
        .add('POST', `${folder}/:cid/refuse`, (request) => this.refuseWrites(request, type));
    }
  }

  private refuseWrites(request: ControlRequest, type: EntityType): HttpResponse {
    const { id } = this.contactOf(request, type);
    const isRefused = request.input().allowOnly('writes').optionalFlag('writes') ?? true;
    const { refusedWrites } = this.accountOf(request);
    if (isRefused) refusedWrites.add(id);
    else refusedWrites.delete(id);
    return jsonResponse({ id, writes_refused: isRefused });
  }

  private create(request: ControlRequest, type: EntityType): HttpResponse {
    const account = this.accountOf(request);
    const body = request.json();
    if (!Array.isArray(body) && 'count' in new Input(body).fields) return this.generate(account, new Input(body), type);
    const items: unknown[] = Array.isArray(body) ? body : [body];
    const changes = items.map((item) => ({ change: readContact(account, item), silent: isSilent(item) }));
    const made = changes.map(({ change, silent }) => this.createOne(account, { ...change, type }, silent));
    const ids = made.map(({ id }) => id);
    return jsonResponse({ ids, contacts: made.map((contact) => contactView(account, contact)) }, 201);
  }

  private createOne(account: KommoAccount, change: ReturnType<typeof readContact>, silent: boolean): Contact {
    if (change.id !== undefined && account.contactsOf(change.type ?? 'contact').get(change.id))
      throw new ControlError(`${change.id} already exists`, 409);
    return this.kommo.contacts.create(account, change, { userId: account.owner.id, silent });
  }

  private generate(account: KommoAccount, input: Input, type: EntityType): HttpResponse {
    input.allowOnly('count', 'seed', 'tag', 'hooks');
    const count = input.optionalInteger('count') ?? 0;
    if (count < 1 || count > maxGenerated) throw new ControlError(`count must be 1 to ${maxGenerated}`);
    const random = seededRandom(input.optionalInteger('seed') ?? 1);
    const tag = input.optionalText('tag') ?? `a${account.id}`;
    const options = { userId: account.owner.id, silent: input.optionalFlag('hooks') === false };
    let firstId: number | undefined;
    let lastId = 0;
    for (let index = 0; index < count; index += 1) {
      const change = contactOfPerson(account, generatePerson(random, index, tag));
      lastId = this.kommo.contacts.create(account, { ...change, type }, options).id;
      firstId ??= lastId;
    }
    return jsonResponse({ count, first_id: firstId, last_id: lastId }, 201);
  }

  private list(request: ControlRequest, type: EntityType): HttpResponse {
    const account = this.accountOf(request);
    const contacts = account.contactsOf(type);
    const all = request.query.get('deleted') === '1' ? contacts.listAll() : contacts.list();
    const offset = request.queryNumber('offset') ?? 0;
    const shown = all.slice(offset, offset + (request.queryNumber('limit') ?? defaultPage));
    return jsonResponse({ total: all.length, contacts: shown.map((contact) => contactView(account, contact)) });
  }

  private update(request: ControlRequest, type: EntityType): HttpResponse {
    const account = this.accountOf(request);
    const before = this.contactOf(request, type);
    if (before.isDeleted) throw new ControlError(`${before.id} is deleted`, 409);
    const change = readContact(account, request.json());
    const options = { userId: account.owner.id, silent: isSilent(request.json()) };
    return jsonResponse(contactView(account, this.kommo.contacts.update(account, before, change, options)));
  }

  private trash(request: ControlRequest, type: EntityType): HttpResponse {
    const contact = this.contactOf(request, type);
    if (contact.isDeleted) throw new ControlError(`${contact.id} is already deleted`, 409);
    this.kommo.contacts.trash(this.accountOf(request), contact, request.query.get('hooks') === '0');
    return jsonResponse({ deleted: contact.id });
  }

  private restore(request: ControlRequest, type: EntityType): HttpResponse {
    const account = this.accountOf(request);
    const contact = this.contactOf(request, type);
    if (!contact.isDeleted) throw new ControlError(`${contact.id} is not deleted`, 409);
    return jsonResponse(contactView(account, this.kommo.contacts.restore(account, contact, request.query.get('hooks') === '0')));
  }

  private contactOf(request: ControlRequest, type: EntityType): Contact {
    const contact = this.accountOf(request)
      .contactsOf(type)
      .get(Number(request.param('cid')));
    if (!contact) throw new ControlError(`unknown ${type} ${request.param('cid')}`, 404);
    return contact;
  }
}

function isSilent(item: unknown): boolean {
  return new Input(item, 'contact').optionalFlag('hooks') === false;
}
