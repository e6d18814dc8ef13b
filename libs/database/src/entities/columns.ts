import type { ColumnOptions, ValueTransformer } from 'typeorm';

const numeric: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

const json: ValueTransformer = {
  to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
  from: (value: string | null) => (value === null ? null : (JSON.parse(value) as unknown)),
};

/** A 64-bit number that stays below 2^53: Kommo ids and epoch milliseconds. TypeORM makes a string of it for MySQL. */
export const bigintColumn = <Options extends ColumnOptions>(
  options: Options,
): { type: 'bigint'; transformer: ValueTransformer } & Options => ({
  type: 'bigint',
  transformer: numeric,
  ...options,
});

/** A value that is stored as JSON text. */
export const jsonColumn = <Options extends ColumnOptions>(options: Options): { type: 'text'; transformer: ValueTransformer } & Options => ({
  type: 'text',
  transformer: json,
  ...options,
});

/** The length of an e-mail address as a key. RFC 5321 allows 254 characters; a longer address is cut and is invalid anyway. */
export const EMAIL_LENGTH = 320;
