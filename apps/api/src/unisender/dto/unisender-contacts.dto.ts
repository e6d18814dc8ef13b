import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayNotEmpty, IsBoolean, IsOptional, ValidateBy } from 'class-validator';
import { type FieldProblem, InvalidInputError, parseAddress } from '#domain';
import { Alias, Describe, flagToBoolean } from '../../http/dto-decorators.js';

const isEmail = (value: unknown): value is string => typeof value === 'string' && parseAddress(value).invalidReason === null;

const EMAIL_PROBLEM = 'must be an e-mail address';

/** Ordinary addresses of 50 characters fill 4 MB. A hostile text of 4 MB has four million entries; a list in JSON has 20,000 at most. */
const MAX_EMAILS = 80_000;
/** The first bad entries name the fault well enough. */
const MAX_NAMED = 100;

/** Splits a text at its commas, into one entry above the limit at most. */
export const splitEmails = (text: string): string[] => text.split(',', MAX_EMAILS + 1);

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
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? splitEmails(value) : value))
  @ArrayNotEmpty({ message: '$property must be a list of e-mail addresses' })
  @ArrayMaxSize(MAX_EMAILS, { message: `$property must have at most ${MAX_EMAILS} addresses` })
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
  const good: string[] = [];
  const bad: FieldProblem[] = [];
  for (const [index, email] of emails.entries()) {
    if (isEmail(email)) good.push(email);
    else if (bad.push({ field: `emails[${index}]`, problem: EMAIL_PROBLEM }) === MAX_NAMED) break;
  }
  if (bad.length > 0) throw InvalidInputError.ofFields(bad);
  return good;
}
