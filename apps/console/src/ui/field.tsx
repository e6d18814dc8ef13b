import type { ReactNode } from 'react';
import { FieldError, Input, Label, Text, TextField } from 'react-aria-components';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly type?: 'text' | 'email' | 'password' | 'number' | 'search' | 'url';
  readonly isRequired?: boolean;
  readonly autoFocus?: boolean;
  readonly placeholder?: string;
  readonly inputMode?: 'numeric' | 'email' | 'text';
  readonly name?: string;
}

/** A text field with its label, its hint and its problem. */
export function Field({
  label,
  value,
  onChange,
  hint,
  problem,
  type = 'text',
  isRequired = false,
  autoFocus = false,
  ...input
}: FieldProps) {
  return (
    <TextField
      className="field"
      value={value}
      onChange={onChange}
      type={type}
      isRequired={isRequired}
      isInvalid={problem !== undefined}
      validationBehavior="aria"
      autoFocus={autoFocus}
      autoComplete="off"
    >
      <Label className="field__label">{label}</Label>
      <Input className="field__input" spellCheck={false} {...input} />
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      {problem !== undefined && <FieldError className="field__problem">{problem}</FieldError>}
    </TextField>
  );
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly options: readonly (readonly [Value, string])[];
  readonly isLabelHidden?: boolean;
}

/** One choice of a few: the browser's own list. */
export function Select<Value extends string>({ label, value, onChange, options, isLabelHidden = false }: SelectProps<Value>) {
  return (
    <label className="field">
      <span className={isLabelHidden ? 'visually-hidden' : 'field__label'}>{label}</span>
      <select className="field__input" value={value} onChange={(event) => onChange(event.target.value as Value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CheckProps {
  readonly label: string;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

/** A choice that is on or off: the browser's own box. */
export function Check({ label, isChecked, onChange }: CheckProps) {
  return (
    <label className="check">
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}
