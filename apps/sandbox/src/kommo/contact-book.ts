import type { Contact } from './contact.js';

/** All contacts (or companies) of one account; the living ones also in order of id, for paging. */
export class ContactBook {
  private readonly byId = new Map<number, Contact>();
  private readonly living: Contact[] = [];

  get(id: number): Contact | undefined {
    return this.byId.get(id);
  }

  /** The living, by ascending id. */
  list(): readonly Contact[] {
    return this.living;
  }

  /** Living and deleted, by ascending id. */
  listAll(): readonly Contact[] {
    return [...this.byId.values()].sort((one, other) => one.id - other.id);
  }

  put(contact: Contact): void {
    this.byId.set(contact.id, contact);
    const place = this.placeOf(contact.id);
    const present = this.living[place]?.id === contact.id;
    if (contact.isDeleted) {
      if (present) this.living.splice(place, 1);
      return;
    }
    if (present) this.living[place] = contact;
    else if (place === this.living.length) this.living.push(contact);
    else this.living.splice(place, 0, contact);
  }

  private placeOf(id: number): number {
    const last = this.living.at(-1);
    if (!last || last.id < id) return this.living.length;
    let low = 0;
    let high = this.living.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.living[middle]?.id ?? Infinity) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
