import type { UserField } from './account.js';
import { nothing, type Method, type MethodCall } from './method-call.js';
import { invalidArgument } from './responses.js';

const fieldTypes = ['string', 'text', 'number', 'date', 'bool'];
const fieldName = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** Methods for fields and tags, by name. */
export const fieldMethods: Record<string, Method> = {
  getFields: ({ account }) =>
    account.fields.map(({ id, name, publicName, type }, index) => ({
      id,
      name,
      public_name: publicName,
      type,
      is_visible: 1,
      view_pos: index + 1,
    })),
  createField: (call) => {
    const name = nameOf(call);
    const type = call.requiredText('type');
    if (!fieldTypes.includes(type)) throw invalidArgument(`Unknown type '${type}'`);
    return { id: call.account.createField(name, type, call.text('public_name') ?? name).id };
  },
  updateField: (call) => {
    const field = fieldOf(call);
    field.name = nameOf(call, field);
    field.publicName = call.text('public_name') ?? field.publicName;
    return { id: field.id };
  },
  deleteField: (call) => {
    call.account.fields.splice(call.account.fields.indexOf(fieldOf(call)), 1);
    return nothing;
  },
  getTags: ({ account }) => [...account.tags].map(([name, id]) => ({ id, name })),
  deleteTag: (call) => {
    const id = call.requiredId('id');
    const name = [...call.account.tags].find(([, known]) => known === id)?.[0];
    if (name === undefined) throw invalidArgument(`Tag '${id}' not found`);
    call.account.tags.delete(name);
    return nothing;
  },
};

function nameOf(call: MethodCall, own?: UserField): string {
  const name = call.requiredText('name');
  if (!fieldName.test(name)) throw invalidArgument(`Invalid field name '${name}'`);
  if (call.account.fields.some((field) => field !== own && field.name === name)) throw invalidArgument(`Field '${name}' already exists`);
  return name;
}

function fieldOf(call: MethodCall): UserField {
  const id = call.requiredId('id');
  const field = call.account.fields.find((candidate) => candidate.id === id);
  if (!field) throw invalidArgument(`Field '${id}' not found`);
  return field;
}
