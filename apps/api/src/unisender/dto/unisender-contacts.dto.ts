import { Transform } from 'class-transformer';
import { ArrayNotEmpty, IsBoolean, IsOptional, ValidateBy } from 'class-validator';
import { type FieldProblem, InvalidInputError, parseAddress } from '#domain';
import { Alias, Describe, flagToBoolean } from '../../http/dto-decorators.js';

const isEmail = (value: unknown): value is string => typeof value === 'string' && parseAddress(value).invalidReason === null;

const EMAIL_PROBLEM = 'must be an e-mail address';

/** A text of 4 MB can have millions of bad entries. */
const MAX_NAMED = 100;

/** An e-mail address by the rules of `parseAddress`; those of class-validator's `IsEmail` differ. */
const IsAddress = () =>
  ValidateBy({ name: 'isAddress', validator: { validate: isEmail, defaultMessage: () => `$property ${EMAIL_PROBLEM}` } });

export class FindContactDto {
  @Alias('z')
  @IsAddress()
  email!: string;
}

export class ChangeContactsDto {
  /** {@link parseEmails} checks each. */
  @Alias('email')
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @ArrayNotEmpty({ message: '$property must be a list of e-mail addresses' })
  @Describe('A list, or one text of addresses separated by commas.', { items: { type: 'string', format: 'email' } })
  emails!: unknown[];

  @IsOptional()
  @Transform(flagToBoolean)
  @IsBoolean()
  @Describe('Deletes the addresses instead.')
  delete?: boolean;
}

/** Returns the list when every entry is an e-mail address. Throws InvalidInputError that names the first bad ones. */
export function parseEmails(emails: readonly unknown[]): string[] {
  const bad: FieldProblem[] = [];
  for (let index = 0; index < emails.length && bad.length < MAX_NAMED; index += 1) {
    if (!isEmail(emails[index])) bad.push({ field: `emails[${index}]`, problem: EMAIL_PROBLEM });
  }
  if (bad.length > 0) throw InvalidInputError.ofFields(bad);
  return emails.filter(isEmail);
}
