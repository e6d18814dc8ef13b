import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { type ListedState, addressStates } from '#database';
import { InvalidInputError, type Vendor, vendors } from '#domain';
import type { PersonLookupQuery } from '#sync';
import { digitsToNumber, flagToBoolean, IsAccountId, IsPlainText } from '../../http/dto-decorators.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_AUDIT_ID_LENGTH = 32;
const MAX_EVENT_ID_LENGTH = 32;
const MAX_CURSOR_LENGTH = 400;
/** A year. */
const MAX_PAUSE_MINUTES = 366 * 24 * 60;

/** How many entries a list has. */
class LimitDto {
  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit = DEFAULT_LIMIT;
}

export class ListEventsDto extends LimitDto {
  /** Only the events of this contact. */
  @IsOptional()
  @IsAccountId()
  contact_id?: number;

  /** Only the events that name this e-mail address, or belong to a contact that has it. */
  @IsOptional()
  @IsPlainText()
  email?: string;

  /** Returns the events before this one. */
  @IsOptional()
  @IsPlainText(MAX_EVENT_ID_LENGTH)
  before?: string;
}

export class ListFailuresDto extends LimitDto {
  /** `next_before` of the page before. */
  @IsOptional()
  @IsPlainText(MAX_CURSOR_LENGTH)
  before?: string;
}

/** Exactly one of the two: {@link toPerson}. */
export class FindPersonDto {
  @IsOptional()
  @IsPlainText()
  email?: string;

  @IsOptional()
  @IsAccountId()
  contact_id?: number;
}

export class ListAuditDto extends LimitDto {
  /** Returns the entries before this one. */
  @IsOptional()
  @IsPlainText(MAX_AUDIT_ID_LENGTH)
  before?: string;
}

export class PersonDto {
  @IsPlainText()
  email!: string;
}

export class VendorDto {
  @IsIn(vendors)
  vendor!: Vendor;
}

/** Without `minutes` the pause lasts until it is lifted. */
export class PauseDto {
  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_PAUSE_MINUTES)
  minutes?: number;

  @IsOptional()
  @IsPlainText()
  reason?: string;
}

/** Where a list of addresses continues. */
export class AfterDto extends LimitDto {
  /** `next` of the part before. */
  @IsOptional()
  @IsPlainText(MAX_CURSOR_LENGTH)
  after?: string;
}

export class ListAddressesDto extends AfterDto {
  /** Without it, addresses in every state. */
  @IsOptional()
  @IsIn(addressStates)
  state?: ListedState;

  @IsOptional()
  @IsIn(['json', 'csv'])
  format?: 'json' | 'csv';
}

/** Exactly one of the three. */
export class ResyncDto {
  @IsOptional()
  @IsAccountId()
  contact_id?: number;

  @IsOptional()
  @IsPlainText()
  email?: string;

  @IsOptional()
  @Transform(flagToBoolean)
  @IsBoolean()
  all_failing?: boolean;
}

/** Returns the one that is given. Throws InvalidInputError unless exactly one is. */
export function toPerson({ email, contact_id: contactId }: FindPersonDto): PersonLookupQuery['by'] {
  if (email !== undefined && contactId === undefined) return { email };
  if (email === undefined && contactId !== undefined) return { contactId };
  throw InvalidInputError.ofFields([{ field: 'email', problem: 'or contact_id must be given, and not both' }]);
}
