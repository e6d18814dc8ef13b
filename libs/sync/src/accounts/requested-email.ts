import { InvalidInputError, parseAddress } from '#domain';

/** The address that an operator names, in the form in which it is stored. Throws InvalidInputError that names the field `email`. */
export function toRequestedEmail(raw: string): string {
  const { email, invalidReason } = parseAddress(raw);
  if (invalidReason === null) return email;
  throw InvalidInputError.ofFields([{ field: 'email', problem: 'must be an e-mail address' }]);
}
