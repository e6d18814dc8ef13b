/** A custom field of an account's contacts. Ids differ between accounts; only codes are stable (reference kommo 4.2). */
export interface FieldDefinition {
  readonly id: number;
  readonly name: string;
  readonly code: string | null;
  readonly type: string;
  readonly enums: readonly FieldEnum[];
}

/** A fixed value of a field. */
export interface FieldEnum {
  readonly id: number;
  readonly value: string;
}

type Language = 'en' | 'ru';

/** How the standard fields of an account are numbered and named. */
export interface FieldLayout {
  readonly firstFieldId: number;
  readonly firstEnumId: number;
  readonly language: Language;
  readonly emailName?: string | undefined;
}

const phoneKinds = ['WORK', 'WORKDD', 'MOB', 'FAX', 'HOME', 'OTHER'];
const emailKinds = ['WORK', 'PRIV', 'OTHER'];
const names = {
  en: { position: 'Position', phone: 'Phone', email: 'Email', birthday: 'Birthday', date: 'Contract date', choice: 'Sex', note: 'Bio' },
  ru: {
    position: 'Должность',
    phone: 'Телефон',
    email: 'Email',
    birthday: 'День рождения',
    date: 'Дата договора',
    choice: 'Пол',
    note: 'О себе',
  },
};

/** Creates the fields that every account has. EMAIL is the third; ids increase by two, as in captures. */
export function standardFields(layout: FieldLayout): FieldDefinition[] {
  const label = names[layout.language];
  let enumId = layout.firstEnumId - 2;
  const enums = (values: readonly string[]) => values.map((value) => ({ id: (enumId += 2), value }));
  const rows: Omit<FieldDefinition, 'id'>[] = [
    { name: label.position, code: 'POSITION', type: 'text', enums: [] },
    { name: label.phone, code: 'PHONE', type: 'multitext', enums: enums(phoneKinds) },
    { name: layout.emailName ?? label.email, code: 'EMAIL', type: 'multitext', enums: enums(emailKinds) },
    { name: label.birthday, code: null, type: 'birthday', enums: [] },
    { name: label.date, code: null, type: 'date', enums: [] },
    { name: label.choice, code: null, type: 'radiobutton', enums: enums(['1', '2']) },
    { name: label.note, code: null, type: 'textarea', enums: [] },
  ];
  return rows.map((row, index) => ({ id: layout.firstFieldId + index * 2, ...row }));
}

/** The fields of one account in their order. */
export class FieldDictionary {
  private readonly byId = new Map<number, FieldDefinition>();
  private readonly places = new Map<number, number>();

  constructor(readonly fields: readonly FieldDefinition[]) {
    for (const [place, field] of fields.entries()) {
      this.byId.set(field.id, field);
      this.places.set(field.id, place);
    }
  }

  /** A field by its id. */
  find(id: number): FieldDefinition | undefined {
    return this.byId.get(id);
  }

  /** A field by its code, such as `EMAIL`. */
  findByCode(code: string): FieldDefinition | undefined {
    return this.fields.find((field) => field.code === code);
  }

  /** The position of a field; unknown fields come last. */
  placeOf(id: number): number {
    return this.places.get(id) ?? this.fields.length;
  }
}
