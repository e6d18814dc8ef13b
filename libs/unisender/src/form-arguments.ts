/**
 * An argument of a call. Lists and records are encoded with PHP's brackets: `data[0][1]`, `events[subscribe]`
 * (reference/unisender.md 1.1).
 */
export type FormValue = string | number | readonly FormValue[] | { readonly [name: string]: FormValue };

/** The arguments of a call by name. */
export type FormArguments = Readonly<Record<string, FormValue>>;

function append(form: URLSearchParams, name: string, value: FormValue): void {
  if (typeof value !== 'object') {
    form.append(name, String(value));
    return;
  }
  for (const [key, item] of Object.entries(value)) append(form, `${name}[${key}]`, item);
}

/** Encodes the arguments as an `application/x-www-form-urlencoded` body. */
export function toFormBody(args: FormArguments): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) append(form, name, value);
  return form.toString();
}
