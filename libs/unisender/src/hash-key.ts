import { createHash } from 'node:crypto';
import type { Secret } from '#domain';

const LENGTH = 16;

/** Returns the id of a Unisender key in limits and pauses: equal keys have equal ids. It does not reveal the key. */
export const hashKey = (key: Secret): string => createHash('sha256').update(key.reveal()).digest('hex').slice(0, LENGTH);
