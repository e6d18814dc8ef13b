import type { ColumnOptions } from 'typeorm';

const numeric = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/** A 64-bit number that stays below 2^53: Kommo ids and epoch milliseconds. MySQL's driver gives such columns as strings. */
export const bigintColumn = <Options extends ColumnOptions>(
  options: Options,
): { type: 'bigint'; transformer: typeof numeric } & Options => ({ type: 'bigint', transformer: numeric, ...options });

/** An e-mail address as a key: RFC 5321 allows 254 characters; longer ones are cut and are invalid anyway. */
export const EMAIL_LENGTH = 320;
