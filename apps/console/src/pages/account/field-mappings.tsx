import type { OptionsResponse } from '../../api/types.js';
import { ActionButton } from '../../ui/button.js';
import { Field, Select } from '../../ui/field.js';
import type { FieldMapping } from './settings-form.js';

interface FieldMappingsProps {
  readonly mappings: readonly FieldMapping[];
  readonly onChange: (mappings: readonly FieldMapping[]) => void;
  readonly options: OptionsResponse | undefined;
}

/** Which field of Kommo goes into which field of Unisender. */
export function FieldMappings({ mappings, onChange, options }: FieldMappingsProps) {
  const change = (at: number, part: Partial<FieldMapping>) =>
    onChange(mappings.map((mapping, index) => (index === at ? { ...mapping, ...part } : mapping)));
  const known = options?.kommo_fields ?? [];
  const names = (options?.unisender_fields ?? []).map(({ name }) => name).join(', ');
  return (
    <fieldset className="fieldset">
      <legend>Fields</legend>
      <p className="quiet">The name is always sent.{names !== '' && ` Unisender has: ${names}. Another name creates a field.`}</p>
      {mappings.map(({ kommo, unisender }, index) => (
        <div className="mapping" key={index}>
          {known.length > 0 ? (
            <Select
              label="Kommo field"
              value={kommo}
              onChange={(value) => change(index, { kommo: value })}
              options={[['', 'Choose a field'], ...withUnknown(known, kommo).map(({ key, name }) => [key, name] as const)]}
            />
          ) : (
            <Field label="Kommo field, by code or id" value={kommo} onChange={(value) => change(index, { kommo: value })} />
          )}
          <Field label="Unisender field" value={unisender} onChange={(value) => change(index, { unisender: value })} />
          <ActionButton onPress={() => onChange(mappings.filter((_mapping, other) => other !== index))} aria-label={`Remove: ${unisender}`}>
            Remove
          </ActionButton>
        </div>
      ))}
      <div>
        <ActionButton onPress={() => onChange([...mappings, { kommo: '', unisender: '' }])}>Add a field</ActionButton>
      </div>
    </fieldset>
  );
}

/** A mapped field that Kommo no longer has stays in the list. */
const withUnknown = (known: OptionsResponse['kommo_fields'], key: string) =>
  key === '' || known.some((field) => field.key === key) ? known : [...known, { key, name: key }];
