import type { Contact } from './contact.js';

/** All contacts (or companies) of one account. Those that are not deleted are also kept in order of id, for paging. */
export class ContactStore {
  private readonly byId = new Map<number, Contact>();
  private readonly existing: Contact[] = [];

  /** A contact, deleted or not. Undefined when the id is unknown. */
  get(id: number): Contact | undefined {
    return this.byId.get(id);
  }

  /** Contacts that are not deleted, by ascending id. */
  list(): readonly Contact[] {
    return this.existing;
  }

  /** All contacts, deleted ones too, by ascending id. */
  listAll(): readonly Contact[] {
    return [...this.byId.values()].sort((one, other) => one.id - other.id);
  }

  /** Adds or replaces a contact. */
  put(contact: Contact): void {
    this.byId.set(contact.id, contact);
    const place = this.placeOf(contact.id);
    const present = this.existing[place]?.id === contact.id;
    if (contact.isDeleted) {
      if (present) this.existing.splice(place, 1);
      return;
    }
    if (present) this.existing[place] = contact;
    else if (place === this.existing.length) this.existing.push(contact);
    else this.existing.splice(place, 0, contact);
  }

  private placeOf(id: number): number {
    const last = this.existing.at(-1);
    if (!last || last.id < id) return this.existing.length;
    let low = 0;
    let high = this.existing.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.existing[middle]?.id ?? Infinity) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
