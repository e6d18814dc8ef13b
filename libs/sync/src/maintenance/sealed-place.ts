import type { SealedColumn, SealedValue } from '#database';

/** The keyring's context of a stored value: those of `tokens/sealing.ts` have this form. */
export const contextOf = ({ table, column }: SealedColumn, { key }: Pick<SealedValue, 'key'>): string => `${table}.${column}:${key}`;
